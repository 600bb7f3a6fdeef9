"""Threads: who a handler's text is for, what it means, and who has a customer. Pure, like the rest of the core.

model       the records: Thread, ThreadCode, OptOut, PersonRecord
codes       what a code looks like, in front of a handler's words and anywhere else in them
grammar     what a handler's words ask for: an answer, a claim, a command
tapbacks, auto_replies
            what phones send by themselves or for a tap: data
audience    which thread a handler's text is for, or why that cannot be said
ownership   what a claim, an answer, `pass`, `done` and `open` do to a thread
deciding    `decide`: one handler's text and what is known, to one Verdict
doing       what each kind of text does to its thread
asking      verdicts that do nothing but tell the person something
verdict     what goes into `decide` and what comes out
"""
