"""Anything at all, sent to every HTTP entry point of main.py as Twilio, Google and strangers could send it.

An input is a string of bytes, the tape, from which a request is made: each byte is a choice, and zero is the ordinary
one. Hypothesis draws tapes and shortens those that break something.

python -m tests.endurance.fuzz --inputs 1000000 --seed 1
python -m tests.endurance.fuzz --entry-point sms_inbound --replay 00ff17
"""
