"""Threads: who a handler's text is for, what it means, and who has a customer. Pure, like the rest of the core.

model       the records: Thread, ThreadCode, OptOut, PersonRecord
codes       what a code looks like, in front of a handler's words and anywhere else in them
grammar     what a handler's words ask for: an answer, a claim, a command, a machine's reply
audience    which thread a handler's text is for, or why that cannot be said
ownership   what a claim, an answer, `pass`, `done` and `open` do to a thread
deciding    `decide`: one handler's text and what is known, to one Verdict
verdict     what goes into `decide` and what comes out
"""
