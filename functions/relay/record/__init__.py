"""A relay as it is kept and as it is announced: its document and its relay events.

Knows the core. Must not know where a document is stored or how an event travels.
"""
