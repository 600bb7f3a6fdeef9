"""What a mutant is, and how it is put into the real code and taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from relay.core import machine
from relay.core.events import EventKind, State

from tests.simulator.exhaustive import CASES
from tests.simulator.kinds import Kind
from tests.simulator.runner import run_seed

# Where nothing else is stated a mutant is dead within so many runs.
RUNS = 1500


class Patcher:
    """Puts pieces of a mutant in and remembers what to put back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def put(self, where: Any, name: str, value: Any) -> Any:
        """Replace an attribute of a module or class; gives back what it was.

        Of the relay's own only a public one: how a module does its work inside may change without its mutants.
        """
        home = str(getattr(where, "__module__", where.__name__))
        if name.startswith("_") and home.startswith("relay."):
            raise ValueError(f"{name} is private to {home}: break something that it offers")
        old = getattr(where, name)
        setattr(where, name, value)
        self._undo.append(lambda: setattr(where, name, old))
        return old

    def answer(self, states: tuple[State, ...], kinds: tuple[EventKind, ...], answer: Any) -> None:
        """Replace answers of the machine's table."""
        for state in states:
            for kind in kinds:
                row, old = machine.TABLE[state], machine.TABLE[state][kind]
                row[kind] = answer
                self._undo.append(lambda row=row, kind=kind, old=old: row.__setitem__(kind, old))  # type: ignore[misc]

    def undo(self) -> None:
        for each in reversed(self._undo):
            each()


@dataclass(frozen=True, slots=True)
class Killed:
    """The run that gave a mutant away: which one it was, counted from 1, and what it said."""

    number: int
    violation: str


@dataclass(frozen=True)
class Mutant:
    """One broken protocol.

    Attributes:
        name: short, unique.
        breaks: what is wrong with it, in a sentence.
        patch: puts it in.
        runs: within how many runs it is killed, beginning with `first_seed`: what is rare, or takes long to look for,
            is looked for where it is known to happen.
        case: the exhaustive case that kills it, where chance hardly ever would.
        kind: the kind of the wider world that kills it.
        covered_by: for an equivalent mutant, the redundancy that makes up for it; empty for all others.
    """

    name: str
    breaks: str
    patch: Callable[[Patcher], None]
    runs: int = RUNS
    covered_by: str = ""
    first_seed: int = 1
    case: str = ""
    kind: Kind | None = None

    def killed_by(self) -> Killed | None:
        """Run the broken code until something is said of it, at most its number of runs."""
        with self.alive():
            if self.case:
                report = next(case for case in CASES if case.name == self.case).run()
                return Killed(report.cases, report.violations[0]) if report.violations else None
            for number in range(1, self.runs + 1):
                result = run_seed(self.first_seed + number - 1, kind=self.kind)
                if result.violations:
                    return Killed(number, result.violations[0])
        return None

    @contextmanager
    def alive(self) -> Iterator[None]:
        """The code is broken while this is entered."""
        patcher = Patcher()
        try:
            self.patch(patcher)
            yield
        finally:
            patcher.undo()
