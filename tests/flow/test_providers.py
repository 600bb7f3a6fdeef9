"""Two providers side by side: each of our numbers has its own, and nothing else knows which."""

from __future__ import annotations

from dataclasses import replace

from relay import wiring
from relay.core.model import AttemptStatus, FinalStatus, InboundText
from relay.core.people import handlers_of
from relay.flow import receipts, timers
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.flow.intake import Intake, accept
from relay.operators.words import explained
from relay.ports import Messenger

from tests.flow.second_provider import SecondProvider
from tests.relays import CUSTOMER, OUR_NUMBER, policy
from tests.worlds import Doubles

THEIR_NUMBER = "+15557770000"
THEIR_ID = "inbound:42"


class TwoProviders(Doubles):
    """The usual world, with a number at another provider: the row that a provider is."""

    def __init__(self) -> None:
        super().__init__(policy(2, delays=()))
        self.second = SecondProvider(self.clock)
        providers: dict[str, Messenger] = {OUR_NUMBER: self.messenger, THEIR_NUMBER: self.second}
        channels = wiring.channels(providers.__getitem__, self.store, self.clock, "")
        self.world = replace(self.world, channels=channels, provider_of=providers.__getitem__)
        self.intake = Intake(self.tiers, (OUR_NUMBER, THEIR_NUMBER), handlers_of(self.tiers))

    def budget(self) -> Budget:
        return Budget(self.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)

    def comes_in(self) -> None:
        """A customer texts the number at the second provider."""
        text = InboundText(THEIR_ID, CUSTOMER, THEIR_NUMBER, "Can you come by?")
        accept(self.world, self.intake, text, self.budget())

    def told(self, sent_id: str, word: str, code: int | None = None) -> None:
        text, receipt = self.second.becomes(sent_id, word, code)
        receipts.take_in(self.world, text.message_id, text.attempt, receipt, self.budget())


def test_a_text_leaves_through_the_provider_of_the_number_it_came_to() -> None:
    world = TwoProviders()
    world.comes_in()
    assert world.messenger.sends == []
    world.told("0197-0", "read back")
    relay = world.relay(THEIR_ID)
    assert (relay.final_status, relay.attempts[0].sent_id) == (FinalStatus.DELIVERED, "0197-0")


def test_a_second_providers_failure_decides_by_its_class_and_is_told_in_its_words() -> None:
    world = TwoProviders()
    world.second.refuses = [7]
    world.comes_in()
    relay = world.relay(THEIR_ID)
    assert [attempt.tier for attempt in relay.attempts] == [1, 2]
    assert relay.attempts[0].error_code == 7007
    assert explained(relay, relay.attempts[0])[0] == "the subscriber is unknown"


def test_a_second_providers_receipt_that_fails_goes_on_and_its_last_word_may_be_asked_for() -> None:
    world = TwoProviders()
    world.comes_in()
    world.told("0197-0", "lost", 9)
    relay = world.relay(THEIR_ID)
    assert (relay.attempts[0].status, relay.attempts[1].tier) == (AttemptStatus.FAILED, 2)
    timers.fire(world.world, world.timers.armed[-1])
    world.second.becomes("0197-1", "read back")
    deadline = world.timers.armed[-1]
    world.clock.advance(120)
    timers.fire(world.world, deadline)
    assert world.relay(THEIR_ID).delivered_tier == 2
