"""What the terminal shows: where everything is, and each step of each relay as it happens."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from relay.core.model import AttemptStatus, FinalStatus, Purpose, Relay, SenderClass
from relay.operators import story
from relay.ports import RelayStore, Search
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts.local_stack import interruption, python
from scripts.local_stack.environment import Plan
from scripts.local_stack.places import Twilio

_TIER_STYLES = ("cyan", "magenta", "yellow", "blue", "green")
_TONE_STYLES = {"bad": "red", "warning": "yellow", "strong": "bold", "good": "bold green"}
_WRONG = ("bad", "warning")
_TWILIO_WORDS = {
    Twilio.FAKE: "a fake one; nothing leaves this machine",
    Twilio.OTHER: "the server that TWILIO_API_BASE_URL names",
    Twilio.REAL: "the real one; texts reach real people and cost real money",
}
_SEEN_MAX = 50
_STORE_SECONDS = 10.0


class Screen:
    """The terminal of one stack. `shows_words` also shows customers' texts: only with a fake Twilio."""

    def __init__(self, console: Console, shows_words: bool) -> None:
        self._console = console
        self._shows_words = shows_words

    def say(self, words: str, style: str = "") -> None:
        self._console.print(Text(words, style))

    def header(self, plan: Plan, log: Path | None) -> None:
        """Where everything is."""
        facts = Table.grid(padding=(0, 2))
        facts.add_column(style="dim")
        facts.add_column(overflow="fold")
        facts.add_row("  Twilio", _TWILIO_WORDS[plan.twilio])
        if plan.backend == "google":
            facts.add_row("  Home", "google: Firestore's emulator and a local Cloud Tasks server; kept until you stop")
        else:
            facts.add_row("  Home", f"embedded: {_short(Path(plan.environ['RELAY_DATABASE']))}")
        if plan.twilio is Twilio.FAKE:
            facts.add_row("  Phones", f"{plan.address}/")
            facts.add_row("  Console", f"{plan.address}/console/ {_who_signs_in(plan)}")
        else:
            facts.add_row("  Set-up", f"{plan.address}/ (answered to this machine only)")
            facts.add_row("  Console", f"{plan.settings().console_base_url}/console/ {_how_to_sign_in(plan)}")
        facts.add_row("  Alarms", _alarms(plan))
        if log is not None:
            facts.add_row("  Log", str(_short(log)))
        self._console.print(Text.assemble("The relay is up at ", (plan.address, "bold")))
        self._console.print(facts)
        if plan.twilio is Twilio.FAKE:
            # Left to the terminal to wrap, so that it is copied in one piece.
            self._console.print(Text.assemble(("  Token    ", "dim"), _token_command(plan)), soft_wrap=True)

    def text_in(self, relay: Relay) -> None:
        """A new relay's heading."""
        words = f"“{relay.message_body}”" if self._shows_words else f"{len(relay.message_body)} characters"
        code = f" under {relay.code}" if relay.code and relay.purpose is not Purpose.NOTICE else ""
        heading = f"\n{_what_it_is(relay)}{code}, "
        self._console.print(Text.assemble(heading, (words, "bold"), (f"  {relay.message_id}", "dim")))

    def line(self, line: dict[str, Any]) -> None:
        """One line of a relay's trail, as its story tells it."""
        row = Table.grid(padding=(0, 2))
        row.add_column(width=9, justify="right", style="dim")
        row.add_column(width=6)
        row.add_column(width=13)
        row.add_column(ratio=1)
        tier = line["tier"]
        tier_text = Text(f"tier {tier}", _TIER_STYLES[(tier - 1) % len(_TIER_STYLES)]) if tier else Text("")
        label = Text(line["label"], _TONE_STYLES.get(line["tone"], ""))
        row.add_row(f"{line['seconds']:.2f} s", tier_text, label, Text(line["words"]))
        self._console.print(row)

    def document(self, document: dict[str, Any]) -> None:
        self._console.print_json(json.dumps(document), ensure_ascii=False)


def _what_it_is(relay: Relay) -> str:
    if relay.purpose is Purpose.ANSWER:
        return "An answer to the customer"
    if relay.purpose is Purpose.NOTICE:
        return f"A notice to {relay.policy.tier(1).name}"
    return "A handler's text" if relay.sender_class is SenderClass.HANDLER else "A text"


def _who_signs_in(plan: Plan) -> str:
    texted = (operator for operator in plan.settings().operators.people if operator.phone)
    operator = next(texted, None)
    if operator is None:
        return "(no operator has a phone: relayctl link)"
    return f"(sign in as {operator.name}, {operator.phone}; the code comes to that phone, above)"


def _how_to_sign_in(plan: Plan) -> str:
    has_operators = bool(plan.settings().operators.people)
    return "(relayctl link signs in)" if has_operators else "(no operator is set: RELAY_OPERATORS; relayctl link)"


def _token_command(plan: Plan) -> str:
    email = plan.environ["RELAY_STATE_ALLOWED_EMAILS"].split(",")[0].strip()
    identity = f"--audience {shlex.quote(plan.environ['RELAY_STATE_AUDIENCE'])} --email {shlex.quote(email)}"
    return f"{python()} -m scripts.local_google.issuer --stack {plan.address} {identity}"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


class Follower:
    """Shows what is new in the store. What had ended before it was made is not shown."""

    def __init__(self, store: RelayStore, screen: Screen) -> None:
        self._store = store
        self._screen = screen
        # Message id → lines shown.
        self._shown: dict[str, int] = {}
        self._relays: dict[str, Relay] = {}
        self.continued = 0
        for relay in self._recent():
            self._shown[relay.message_id] = relay.lines_logged
            self.continued += relay.final_status is FinalStatus.IN_PROGRESS

    def look(self) -> bool:
        """Show what is new; whether something is still under way. Raises StoreUnavailable."""
        relays = self._recent()
        for relay in reversed(relays):
            shown = self._shown.get(relay.message_id, 0)
            if shown == 0:
                self._screen.text_in(relay)
            for line in story.trail(relay, shown):
                # What becomes of a notice is of interest only where it goes wrong.
                if relay.purpose is not Purpose.NOTICE or line["tone"] in _WRONG:
                    self._screen.line(line)
        self._shown = {relay.message_id: relay.lines_logged for relay in relays}
        self._relays = {relay.message_id: relay for relay in relays}
        return any(relay.final_status is FinalStatus.IN_PROGRESS for relay in relays)

    def is_with(self, message_id: str, tier: int) -> bool:
        """Whether the relay has ended, or the handler of this tier has the text, and all of that was shown."""
        relay = self._relays.get(message_id)
        return relay is not None and (self._has_ended(relay) or relay.tier_status(tier) == AttemptStatus.DELIVERED)

    def has_ended(self, message_id: str) -> bool:
        """Whether the relay has ended, and that was shown."""
        relay = self._relays.get(message_id)
        return relay is not None and self._has_ended(relay)

    def _has_ended(self, relay: Relay) -> bool:
        return relay.final_status is not FinalStatus.IN_PROGRESS

    def _recent(self) -> tuple[Relay, ...]:
        with interruption.put_off():
            return self._store.search(Search(limit=_SEEN_MAX), timeout_seconds=_STORE_SECONDS).relays


def _alarms(plan: Plan) -> Text:
    """How operators are told: a warning where no one would learn of an outage of texts."""
    alerting = plan.settings().alerting
    if alerting.is_text_alone:
        return Text("by text alone, which tells no one of an outage of texts: set e-mail or a webhook", "yellow")
    if not alerting.is_on:
        return Text("in the log alone: no channel is set (docs/operations.md, “Get told”)", "yellow")
    given = (("text", alerting.phones), ("e-mail", alerting.emails), ("webhook", alerting.webhook_url))
    return Text(f"by {', '.join(name for name, to in given if to)}")
