"""Writes docs/states.md from the machine itself: a diagram of what happens, and the table of (state, event) → answer.

`make docs` runs it; a test fails when the file no longer says what the code does.
"""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "functions"))

from relay.core.events import Event, EventKind, State
from relay.core.machine import TABLE, Answer, state_of
from relay.core.model import FinalStatus, Relay

from scripts.walk_machine import SMALLEST, Walked

PATH = Path(__file__).resolve().parent.parent / "docs" / "states.md"
COMMAND = "make docs"

_WORDS = {
    State.SCHEDULED: "the current attempt waits for its start time.",
    State.LEASED: "a process holds the current attempt's lease and may be sending right now.",
    State.UNKNOWN: "the current attempt's POST had an unknown outcome: the text may have left.",
    State.ACCEPTED: "Twilio has the current attempt's text; its delivery is awaited.",
    State.EARLIER: "a relay in progress, seen by an event about an attempt that was already given up.",
    State.DELIVERED: "a handler has the text. The end.",
    State.EXHAUSTED: "no tiers are left. The end, unless an operator redrives the relay or a late delivery arrives.",
    State.RECORDED: "the text came from a handler, an operator or us, or to a handler: kept, never forwarded. The end.",
    State.HELD: "the text is one of a flood from its sender: kept. The end, unless an operator redrives the relay.",
    State.WAITING: "a handler got the text, at a tier that asks for a claim, and no person has taken it yet.",
    State.CLAIMED: "a person took the text. The end, unless that person passes it on or an operator releases it.",
}

_HEAD = f"""\
# States of a relay

Generated from `functions/relay/core/machine.py`; do not edit. Regenerate with `{COMMAND}`.

A relay in progress stands where its current attempt stands. `scheduled` after a failure is the same tier again by its
schedule or the next tier; which of them, the failure's class decides (`functions/relay/core/failures.py`). *Leads to*
says where the relay stands afterwards, as a walk through all reachable relays found it.

Which text is an attempt's is decided beside the table (`reversals.with_its_id`): where the answer to the POST tells
another id than a receipt did before, what that receipt had ended goes on.

"""


class Changes:
    """Where every change that a walk over all reachable relays met has led."""

    def __init__(self) -> None:
        self.targets: dict[tuple[State, EventKind], set[str]] = defaultdict(set)
        self.edges: dict[tuple[str, str], set[EventKind]] = defaultdict(set)

    def meet(self, step: Walked) -> None:
        """Take in one step."""
        if not step.decision.changed:
            return
        before, after = _state(step.before), _state(step.decision.relay)
        self.targets[state_of(step.before, step.event), step.event.kind].add(after)
        own = step.event.attempt in (0, len(step.before.attempts))
        if before != after or (own and len(step.decision.relay.attempts) > len(step.before.attempts)):
            self.edges[before, after].add(step.event.kind)


def render(changes: Changes) -> str:
    """Returns the whole document."""
    sections = "".join(_section(state, changes) for state in State)
    return _HEAD + _diagram(changes) + "\n## Every state and every event\n" + sections


def _diagram(changes: Changes) -> str:
    """A Mermaid state diagram of every change that the walk met."""
    order = list(EventKind)
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> leased: text received"]
    lines += [
        "    [*] --> scheduled: text received, to be sent later",
        "    [*] --> recorded: text not to be forwarded",
        "    [*] --> held: text of a flood",
    ]
    for (before, after), kinds in sorted(changes.edges.items()):
        label = ", ".join(dict.fromkeys(_label(kind) for kind in sorted(kinds, key=order.index)))
        lines.append(f"    {before} --> {after}: {label}")
    ends = (State.DELIVERED, State.EXHAUSTED, State.RECORDED, State.HELD, State.CLAIMED)
    lines += [f"    {state.value} --> [*]" for state in ends]
    return "\n".join([*lines, "```", ""])


def _label(kind: EventKind) -> str:
    """An edge's words: the three outcomes of a deadline lead the same ways. A label ends at a colon in Mermaid."""
    return "deadline" if kind.value.startswith("deadline") else kind.value.replace(":", "")


def _state(relay: Relay) -> str:
    if relay.final_status is FinalStatus.IN_PROGRESS:
        return state_of(relay, Event(EventKind.INBOUND_REPEATED)).value
    return relay.final_status.value


def _section(state: State, changes: Changes) -> str:
    lines = [
        "",
        f"### {state.value}",
        "",
        _WORDS[state][0].upper() + _WORDS[state][1:],
        "",
        "| event | answer | leads to |",
        "|---|---|---|",
    ]
    for kind in EventKind:
        met = changes.targets.get((state, kind), set())
        leads_to = ", ".join(each.value for each in State if each.value in met) or "-"
        lines.append(f"| {kind.value} | {_in_words(TABLE[state][kind])} | {leads_to} |")
    return "\n".join(lines) + "\n"


def _in_words(answer: Answer) -> str:
    if isinstance(answer, str):
        return f"ignored: {answer}"
    return first_sentence(inspect.getdoc(answer) or "")


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence, on one line."""
    line = " ".join(text.split("\n\n")[0].split())
    return line.split(". ")[0].rstrip(".") + "."


def actions() -> dict[str, str]:
    """Every action of the table by name, with its docstring."""
    answers = [answer for row in TABLE.values() for answer in row.values()]
    return {answer.__name__: inspect.getdoc(answer) or "" for answer in answers if not isinstance(answer, str)}


def main() -> None:
    """Write the document, and say whether it changed."""
    changes = Changes()
    for cascade in SMALLEST:
        for step in cascade.walk():
            changes.meet(step)
    text = render(changes)
    stale = not PATH.exists() or PATH.read_text(encoding="utf-8") != text
    PATH.write_text(text, encoding="utf-8")
    print(f"{PATH.name}: {'written' if stale else 'already up to date'}")


if __name__ == "__main__":
    main()
