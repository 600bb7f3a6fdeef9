"""What a relay is and what becomes of it: pure values and decisions. No I/O, no clock, no randomness, no provider.

Must not know any other room; of what lies beside it, `relay.errors` alone.
"""
