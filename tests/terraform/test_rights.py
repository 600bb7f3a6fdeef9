"""Who looks for documents may: played over doubles, since an emulator asks for no right and Firestore does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from relay.core.events import Meaning
from relay.flow import by_hand
from relay.flow.answers import answer_of
from relay.flow.brake import TEXTS_MAX
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.deeds import Deed, Order
from relay.flow.intake import Intake
from relay.operators.redrive import redrive_held
from relay.web import INBOUND_PATH

from tests.fakes.world import Calls
from tests.flow.flooding import texts
from tests.office import ANA, CARLA, Office
from tests.relays import BODY, CUSTOMER
from tests.terraform.deployment import Deployment
from tests.terraform.test_firestore import holders
from tests.twilio.cut_cases import doubles_of_their_own, genuine
from tests.worlds import Doubles, post

# Of the store's ports: each is a query at Google, which takes the right to list. `missing` is a count.
LOOKING = {
    *("due", "search", "missing", "with_media_token"),
    *("people", "threads_shown_to", "open_threads", "relays_of"),
}


def looked(world: Doubles | Office, act: Callable[[], object]) -> set[str]:
    """What the store is asked to look for while this is done."""
    calls = Calls()
    for name in LOOKING:
        calls.of(world.store, name, lambda *_, name=name: name)
    act()
    return set(calls.made)


def flood() -> set[str]:
    """The brake, in a process that has not counted the earlier ones."""
    doubles = Doubles()
    texts(doubles, TEXTS_MAX // 4)
    doubles.intake = Intake(doubles.intake.policy, doubles.intake.business_phones, doubles.intake.people)
    return looked(doubles, lambda: texts(doubles, TEXTS_MAX, 50))


def doubtful() -> set[str]:
    """A webhook of which Twilio cannot say what was sent."""
    doubles = doubles_of_their_own()
    doubles.messenger.is_down = True
    form = genuine(BODY, ChannelMetadata='{"type":"rcs"}', ChannelPrefix="rcs")
    return looked(doubles, lambda: doubles.inbound(post(INBOUND_PATH, form)))


def by_operator(deed: Deed) -> Callable[[], set[str]]:
    def played() -> set[str]:
        office = Office()
        text = office.reaches(CARLA, "The couch is on the porch")
        ana = office.conversations.people.handlers[0]
        person, words = (ana, "") if deed is Deed.CLAIM else (None, "On my way" if deed is Deed.SAY else "")
        order = Order(deed, office.relay(text).thread_id, "request-1", office.policy, person, words)
        budget = Budget(office.clock, 20.0, TASK_LIMITS)
        return looked(office, lambda: by_hand.perform(office.world, office.conversations, order, budget))

    return played


def held() -> set[str]:
    doubles = Doubles()
    return looked(doubles, lambda: redrive_held(doubles.world, doubles.tiers, CUSTOMER, "request-1", 1, "operator"))


def receipts() -> set[str]:
    """Of an answer that does not reach its customer, and of a text that does not reach its handler."""
    office = Office()
    text = office.reaches(CARLA, "The couch is on the porch")
    answer = answer_of(office.text(ANA, "On my way"))
    other = office.text(CARLA, "And a lamp")

    def come() -> None:
        for message_id in (answer, text, other):
            before = office.relay(message_id)
            office.delivered(message_id, Meaning.FAILED)
            assert office.relay(message_id) != before, "a receipt that changes nothing shows nothing"

    return looked(office, come)


PLAYED: dict[str, tuple[Callable[[], set[str]], ...]] = {
    "sms-inbound": (flood, doubtful),
    "sms-redrive": (held, *(by_operator(deed) for deed in (Deed.CLAIM, Deed.RELEASE, Deed.SAY))),
    "sms-delivery-status": (receipts,),
}


@pytest.mark.parametrize("run", ["defaults", "without_gateway", "every_option"])
def test_who_looks_for_documents_may_and_who_does_not_may_not(deployments: dict[str, Deployment], run: str) -> None:
    may = holders(deployments[run])["list"]
    for function, journeys in PLAYED.items():
        for journey in journeys:
            assert bool(journey()) == (function in may), (function, journey)
