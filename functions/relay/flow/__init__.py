"""How a relay is worked on: decide, commit, perform; and the ways in that are no HTTP request.

Knows the core, the record and the ports. Must not know an adapter or a provider.
"""
