"""A business whose handlers answer, in moved time: phones that text, and what each of them reads.

desk.texts(customer, "the boiler is leaking")
code = code_of(desk.reads(desk.dana, "boiler"))
desk.texts(desk.dana, f"{code} on my way")
desk.reads(customer, "on my way")
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from relay import wiring
from relay.core.model import FinalStatus, Purpose, Relay
from relay.flow.reconcile import ReconcileReport, reconcile
from relay.ports import Search

from scripts.fake_twilio import File, InboundText, Message, Phone, PostAttempt
from scripts.fake_twilio.faults.texts import InboundFaults
from tests.stories.moved_time import MovedClock, TimedTown
from tests.stories.town import NAMES, TIERS

NAME = "Harbor Heating"
# A person reads before answering: what comes sooner without a code is taken for a machine's.
READING_SECONDS = 14.0
# Dana's and Sam's texts ask for a claim, the front desk's are done once they are delivered.
CLAIM_SECONDS = (60.0, 60.0, 0.0)
# An owner who did nothing for longer may be asleep.
OWNER_ACTIVE_SECONDS = 600
_STORE_SECONDS = 30.0
_READ_SECONDS = 60.0
_LINE_SECONDS = 5.0
_customers = itertools.count(1)


class Desk(TimedTown):
    """Three tiers: Dana, Sam, the front desk. Whoever is texted gets the line on how to answer once, at the start."""

    def __init__(
        self,
        backend: str,
        folder: Path,
        clock: MovedClock,
        settings: Mapping[str, str],
        wake: Callable[[], None],
        last_tier: Mapping[str, object] | None = None,
    ) -> None:
        """`last_tier` has further keys of the front desk's tier."""
        tiers: list[dict[str, object]] = [
            {"name": name, "phone": phone, "receipt_timeout_seconds": 60, "claim_timeout_seconds": seconds}
            for name, phone, seconds in zip(NAMES, TIERS, CLAIM_SECONDS, strict=True)
        ]
        tiers[-1] |= last_tier or {}
        ours = {
            "RELAY_REPLIES": "on",
            "RELAY_BUSINESS_NAME": NAME,
            "RELAY_OWNER_ACTIVE_SECONDS": str(OWNER_ACTIVE_SECONDS),
            "RELAY_TIERS": json.dumps(tiers),
        }
        super().__init__(backend, folder, clock, ours | dict(settings), wake)
        self.dana, self.sam, self.front = (
            self.fake.phone(phone, name) for phone, name in zip(TIERS, NAMES, strict=True)
        )
        self.handlers = (self.dana, self.sam, self.front)

    def customer(self) -> Phone:
        """Somebody who never texted before."""
        return self.fake.phone(f"+1303556{next(_customers):04d}")

    def texts(
        self, phone: Phone, words: str, faults: InboundFaults | None = None, files: Sequence[File] = ()
    ) -> InboundText:
        """A person texts us, and all is done that follows at once."""
        text = phone.texts(words, files=files, faults=faults)
        self.come_to_rest()
        return text

    def reads(self, phone: Phone, words: str = "") -> Message:
        """The text with these words that this phone shows and that no story has mentioned yet."""
        return phone.expect_text(containing=words, within_seconds=_READ_SECONDS)

    def reads_how_to_answer(self, phone: Phone, words: str = "To answer") -> Message:
        """The line that follows the first text that a person gets, some seconds later."""
        self.move(_LINE_SECONDS)
        return self.reads(phone, words)

    def takes_time_to_read(self) -> None:
        self.move(READING_SECONDS)

    def reads_nothing_more(self, *phones: Phone) -> None:
        for phone in phones:
            phone.expect_nothing_more(for_seconds=0)

    def posts_to(self, phone: Phone) -> list[PostAttempt]:
        """Every attempt to send this phone something, accepted or not."""
        return [post for post in self.fake.posts if post.to == phone.number]

    def claimed_by(self, text: InboundText) -> str:
        """Who has taken this text of a customer; "" while it is in progress, delivered or exhausted."""
        relay = self.relay(text)
        assert (relay.final_status is FinalStatus.CLAIMED) is bool(relay.claimed_by)
        return relay.claimed_by

    def all_relays(self, purpose: Purpose) -> list[Relay]:
        """Everything of this purpose that the store has, oldest first."""
        page = wiring.runtime("sms_inbound").store.search(Search(limit=200), timeout_seconds=_STORE_SECONDS)
        return [relay for relay in reversed(page.relays) if relay.purpose is purpose]

    def compares(self) -> ReconcileReport:
        """Compare with Twilio's list now, as is done every five minutes."""
        runtime = wiring.runtime("reconcile")
        report = reconcile(runtime.sending_world, runtime.intake)
        self.come_to_rest()
        return report

    def lost(self, age_seconds: float = 60.0) -> InboundFaults:
        """A text whose webhook never comes."""
        return InboundFaults(dropped=True, age_seconds=age_seconds)

    def words_to(self, customer: Phone) -> list[str]:
        """What this customer read of us, but for what Twilio says by itself and what the first answer says of us."""
        return [text.body.removeprefix(f"{NAME}: ").partition("\n")[0] for text in customer.inbox]

    def judge(self) -> None:
        """What holds at the end of every story: no customer reads the number of a handler or of another customer."""
        customers = {message.from_ for message in self.fake.messages if message.direction == "inbound"} - set(TIERS)
        for customer in customers:
            others = {number[-10:] for number in (customers - {customer}) | set(TIERS)}
            for text in self.fake.phone(customer).inbox:
                assert not any(number in text.body for number in others), "a customer reads another person's number"
