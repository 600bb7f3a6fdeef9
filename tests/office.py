"""An office in memory, with replies on: customers text, handlers answer, and every text that leaves is remembered."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from relay.core.events import Meaning, Receipt
from relay.core.model import Attachment, Attempt, Consent, InboundText, Relay
from relay.core.people import handlers_of
from relay.core.policy import Policy, Tier, sms
from relay.core.threads.model import Thread
from relay.flow import intake, receipts
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.flow.conversations import Conversations
from relay.flow.intake import Intake

from tests.fakes.world import MemoryWorld, sending_world

OURS = "+15551234567"
ANA, BEN, CYD = "+15550100001", "+15550100002", "+15550100003"
CARLA, DANA = "+15557654321", "+15557654322"
BUSINESS = "Acme Hauling"


def tiers_of(*people: tuple[str, str], claim_seconds: float = 0.0) -> Policy:
    """The tiers at which these people (name, phone) stand."""
    return Policy(
        tuple(
            Tier(name, sms(phone), (2.0, 4.0, 8.0), 60.0, claim_timeout_seconds=claim_seconds) for name, phone in people
        )
    )


THREE = (("Ana", ANA), ("Ben", BEN), ("Cyd", CYD))


class Office(MemoryWorld):
    """People text; `sent` is what went out, as (to, words)."""

    def __init__(self, policy: Policy | None = None, *, replies: bool = True) -> None:
        super().__init__()
        self.policy = policy or tiers_of(*THREE)
        people = handlers_of(self.policy)
        draws, leases = itertools.count(1), itertools.count(1)
        self.conversations = Conversations(
            replies, BUSINESS, timedelta(hours=2), people, lambda below: next(draws) * 7 % below, lambda: "ab" * 32
        )
        self.world = sending_world(
            self.store,
            self.timers,
            self.messenger,
            self.clock,
            self.journal,
            lambda: f"lease {next(leases)}",
            conversations=self.conversations,
            files=self.world.files,
        )
        self.intake = Intake(self.policy, (OURS,), people)
        self._ids = itertools.count(1)

    def text(
        self,
        sender: str,
        words: str,
        *,
        message_id: str = "",
        consent: Consent | None = None,
        media: int = 0,
        files: tuple[str, ...] = (),
        recovered_at: datetime | None = None,
        address: str = "",
    ) -> str:
        """A person texts us. Returns the text's id.

        `files` are the types of those that come with it, `media` how many more. `recovered_at`: reconcile found it, by
        the list's time.
        """
        message_id = message_id or f"SM{next(self._ids):032x}"
        attached = tuple(Attachment(f"ME{number:032x}", content_type) for number, content_type in enumerate(files))
        text = InboundText(message_id, sender, OURS, words, media + len(files), attached, address, consent)
        budget = Budget(self.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
        by = "reconcile" if recovered_at else ""
        intake.accept(self.world, self.intake, text, budget, recovered_by=by, received_at=recovered_at)
        return message_id

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(one.to, one.body) for one in self.messenger.sends]

    def to(self, phone: str) -> list[str]:
        """The words of all texts that went to this phone, the oldest first."""
        return [words for to, words in self.sent if to == phone]

    def delivered(self, message_id: str, meaning: Meaning = Meaning.DELIVERED) -> None:
        """The carrier's receipt about the current attempt of this relay."""
        relay = self.relay(message_id)
        attempt = relay.current
        receipt = Receipt(attempt.sent_id or "", meaning, meaning.value)
        budget = Budget(self.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
        receipts.take_in(self.world, message_id, attempt.number, receipt, budget)

    def reaches(self, sender: str, words: str) -> str:
        """A customer's text is delivered to the first handler, who has had time to read it. Returns its id."""
        message_id = self.text(sender, words)
        self.delivered(message_id)
        self.settle(30)
        return message_id

    def settle(self, seconds: float = 5.0) -> None:
        """Some seconds pass, in which timers that are due fire."""
        self.wait(seconds)

    def thread_of(self, message_id: str) -> Thread:
        """The thread of a relay, as it is stored."""
        kept = self.store.thread(self.relay(message_id).thread_id, timeout_seconds=1.0)
        assert kept is not None
        return kept.record

    def attempt(self, message_id: str) -> Attempt:
        return self.relay(message_id).current

    def all_relays(self) -> list[Relay]:
        """All relays that are stored, answers and notices included."""
        from relay.ports import Search

        return list(self.store.search(Search(limit=200), timeout_seconds=1.0).relays)
