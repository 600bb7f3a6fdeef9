"""Deterministic simulation of the relay: its real code on simulated ports, a virtual clock and a seeded scheduler.

A run is a seed. `python -m tests.simulator --seeds N --seed S` runs N of them; docs/reliability.md says what is
injected, what is checked and how each invariant is judged.
"""
