"""From a tape to a request, to an answer, to what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.endurance.fuzz import internal, signed
from tests.endurance.fuzz.raw import Raw
from tests.endurance.fuzz.rules import broken
from tests.endurance.fuzz.tape import Tape
from tests.endurance.fuzz.world import Answer, World

# How many of 21,000 inputs go to each way in: most to those that anybody can reach.
SHARES = {
    "sms_inbound": 5000,
    "handlers_texts": 1000,
    "sms_delivery_status": 4500,
    "sms_relay_state": 3000,
    "sms_redrive": 1500,
    "sms_threads": 1000,
    "escalate_tier": 2000,
    "relay_events": 600,
    "media": 1000,
    "console": 600,
    "sweep": 350,
    "reconcile": 350,
    "tell": 100,
}
# What another entry point serves.
_SERVED_BY = {"sms_threads": "sms_redrive", "handlers_texts": "sms_inbound"}
# Measuring memory and calls makes an input some ten times slower.
_MEASURED_EVERY = 25
_LARGE_BYTES = 16_384


def _handlers_text(tape: Tape, world: World) -> Raw:
    # Each in threads that no text before it has closed or blocked.
    world.begin_threads()
    return signed.handlers_text(tape)


_MAKERS: dict[str, Callable[[Tape, World], Raw]] = {
    "sms_inbound": lambda tape, world: signed.inbound(tape, world.known),
    "handlers_texts": _handlers_text,
    "sms_delivery_status": lambda tape, world: signed.status(tape, world.known),
    "sms_relay_state": lambda tape, world: internal.relay_state(tape, world.known, world.tokens, world.page_tokens),
    "sms_redrive": lambda tape, world: internal.redrive(tape, world.known, world.tokens, world.page_tokens),
    "sms_threads": lambda tape, world: internal.threads(tape, world.thread_ids, world.tokens),
    "escalate_tier": lambda tape, world: internal.timer(tape, world.known),
    "sweep": lambda tape, _world: internal.job(tape, "/tasks/sweep"),
    "reconcile": lambda tape, _world: internal.job(tape, "/tasks/reconcile"),
    "tell": lambda tape, _world: internal.job(tape, "/tasks/tell"),
    "console": lambda tape, _world: internal.page(tape),
    "media": lambda tape, _world: internal.link(tape),
    "relay_events": lambda tape, world: internal.event(tape, world.documents),
}


class Fuzzer:
    """Tries tapes on one way in and counts what came of them."""

    def __init__(self, world: World, entry_point: str) -> None:
        self._world = world
        self._entry_point = entry_point
        self.inputs = 0
        self.measured = 0
        self.statuses: Counter[int] = Counter()
        self.with_effects = 0
        self.most_bytes = 0
        self.most_calls = 0

    def try_tape(self, data: bytes) -> Answer:
        """Raises AssertionError with the rules broken, and the tape for a replay."""
        raw = _MAKERS[self._entry_point](Tape(data), self._world)
        self.inputs += 1
        measure = self.inputs > 1 and (self.inputs % _MEASURED_EVERY == 0 or len(raw.body) >= _LARGE_BYTES)
        answer = self._world.send(_SERVED_BY.get(self._entry_point, self._entry_point), raw, measure)
        self.measured += measure
        self.statuses[answer.status] += 1
        self.with_effects += answer.effects > 0
        self.most_bytes = max(self.most_bytes, answer.peak_bytes)
        self.most_calls = max(self.most_calls, answer.calls)
        sentences = list(broken(self._entry_point, raw, answer, self._world.tokens[0]))
        assert not sentences, f"{self._entry_point}, tape {data.hex()}: {'; '.join(sentences)}"
        return answer

    def show(self, data: bytes) -> str:
        """The request that this tape is."""
        return repr(_MAKERS[self._entry_point](Tape(data), self._world))

    def summary(self) -> str:
        statuses = ", ".join(f"{count} x {status}" for status, count in self.statuses.most_common())
        return (
            f"{self._entry_point:20} {self.inputs:8} inputs: {statuses}; {self.with_effects} with effects;"
            f" at most {self.most_bytes / 1e6:.1f} MB, {self.most_calls} calls"
        )
