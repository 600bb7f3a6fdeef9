"""What is kept, as documents, and what is announced: a relay's document, those of threads, and relay events.

Knows the core. Must not know where a document is stored or how an event travels.
"""
