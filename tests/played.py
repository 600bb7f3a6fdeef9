"""Relays that happened: the real ways in, played over the doubles on a clock that is set by hand.

For tests of whatever only reads relays or redrives them; nothing here waits.
"""

from __future__ import annotations

import itertools
from datetime import datetime

from relay.core.model import Attachment, InboundText
from relay.core.people import handlers_of
from relay.core.policy import Policy, Success, Tier, sms
from relay.flow import conductor
from relay.flow.brake import Brake
from relay.flow.budget import TASK_LIMITS, WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.flow.intake import Intake, accept
from relay.flow.receipts import receipt_event
from relay.ports import Accepted, Ambiguous, SendOutcome
from relay.twilio.statuses import receipt_of

from tests.fakes import MemoryWorld
from tests.fakes.clock import START
from tests.twilio_words import refusal

OURS = "+12025550100"
CUSTOMER = "+12025550142"
POLICY = Policy(
    (
        Tier("Dana (on call)", sms("+12025550111")),
        Tier("Sam (backup)", sms("+12025550112")),
        Tier("Front desk", sms("+12025550113")),
    )
)


class Played(MemoryWorld):
    """Texts come in with `text`, time passes with `wait`, Twilio speaks with `receipt`.

    Each text is taken in by a process of its own, so that any number can be played, unless `brake` is one for all.
    """

    def __init__(self, start: datetime = START, policy: Policy = POLICY) -> None:
        super().__init__(start)
        self.policy = policy
        self.brake: Brake | None = None
        self.ids = itertools.count(1)

    def text(
        self,
        body: str = "The boiler is leaking",
        sender: str = CUSTOMER,
        *outcomes: SendOutcome,
        files: tuple[Attachment, ...] = (),
    ) -> str:
        """A text comes in; the next sends go as scripted, then are accepted. Its message id."""
        message_id = f"SM{next(self.ids):032x}"
        self.messenger.script(*outcomes)
        intake = Intake(self.policy, (OURS,), handlers_of(self.policy), brake=self.brake or Brake())
        accept(
            self.world,
            intake,
            InboundText(message_id, sender, OURS, body, len(files), files),
            Budget(self.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS),
        )
        return message_id

    def receipt(self, message_id: str, status: str, code: int | None = None, attempt: int | None = None) -> None:
        """Twilio tells what became of an attempt, by default the latest."""
        budget = Budget(self.clock, WEBHOOK_SECONDS, TASK_LIMITS)
        stored = conductor.load(self.world, message_id, budget)
        assert stored is not None
        told = stored.relay.attempts[(attempt or len(stored.relay.attempts)) - 1]
        sid = told.sent_id or f"SM{told.number:032x}"
        if sid in self.messenger.messages:
            self.messenger.set_status(sid, status, code)
        receipt = receipt_of(sid, status, str(code or ""))
        assert receipt is not None
        event = receipt_event(receipt, Success.DELIVERED, told.number)
        conductor.apply(self.world, stored, event, budget)

    # Whole stories, by what they end with.

    def delivered(self, sender: str = CUSTOMER, after_seconds: float = 1.4, body: str = "Is the shop open?") -> str:
        message_id = self.text(body, sender)
        self.wait(after_seconds)
        self.receipt(message_id, "delivered")
        return message_id

    def cascaded(self, sender: str = CUSTOMER, body: str = "The boiler is leaking") -> str:
        """Tier 1's number is a landline, tier 2 stays silent, tier 3 has the text."""
        message_id = self.text(body, sender)
        self.wait(1.2)
        self.receipt(message_id, "undelivered", 30006)
        self.wait(62)
        self.wait(2.5)
        self.receipt(message_id, "delivered")
        return message_id

    def exhausted(self, sender: str = CUSTOMER, body: str = "Nobody answers the door") -> str:
        """Tier 1 is a landline, tier 2 has opted out, tier 3 is unreachable four times."""
        message_id = self.text(body, sender, Accepted("SM" + "a" * 32), refusal(21610))
        self.wait(0.9)
        self.receipt(message_id, "undelivered", 30006)
        for pause in (2.0, 4.0, 8.0, 0.0):
            self.wait(1.1)
            self.receipt(message_id, "undelivered", 30003)
            self.wait(pause)
        return message_id

    def lost(self, sender: str = CUSTOMER, body: str = "Please call me back") -> str:
        """In progress: Twilio's answer about tier 1 was lost."""
        return self.text(body, sender, Ambiguous("no answer within 2.5 s"))

    def from_handler(self, body: str = "STOP") -> str:
        return self.text(body, self.policy.tiers[0].reach.address)
