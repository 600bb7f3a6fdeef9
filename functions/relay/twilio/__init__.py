"""Twilio, and nothing of Twilio anywhere else: its webhooks, its REST interface, its words, codes and ids."""
