"""Mutants of opt-outs: who asked for no more texts, who hears of it, and when it is looked at."""

from __future__ import annotations

from relay.flow import acts, opt_outs, under_lease

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant
from tests.simulator.mutants.of_threads import put

_RUNS = 200

OPT_OUTS = (
    Mutant(
        "opt-out not looked at", "Opted out or not.", put(opt_outs, "holds", lambda *_: False), _RUNS, kind=Kind.BLOCKED
    ),
    Mutant(
        "opt-out not kept",
        "A customer's STOP is forwarded and forgotten.",
        put(opt_outs, "of_customers_text", lambda *_: ((), False)),
        _RUNS,
        kind=Kind.BLOCKED,
    ),
    Mutant(
        "opt-out looked at once",
        "Under the lease it is not looked at again.",
        put(under_lease, "refusal", lambda *_: None),
        400,
        kind=Kind.BLOCKED,
    ),
    Mutant(
        "yes opts in",
        "YES lifts an opt-out.",
        put(opt_outs, "OPT_IN_WORDS", frozenset({"START", "UNSTOP", "YES"})),
        _RUNS,
        kind=Kind.BLOCKED,
    ),
    Mutant(
        "only English opts out",
        "Twilio's own word of an opt-out is not heard.",
        put(opt_outs, "opts_out", lambda text: text.body.strip().upper() in opt_outs._OPT_OUT_WORDS),
        _RUNS,
        kind=Kind.BLOCKED,
    ),
    Mutant(
        "block without effect",
        "`block` says so and does nothing.",
        put(acts, "opted_out", lambda *_: ()),
        _RUNS,
        kind=Kind.BLOCKED,
    ),
)
