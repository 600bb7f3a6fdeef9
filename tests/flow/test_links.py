"""The link to a text's files: which texts hold it, what a filter leaves of it, and that it changes no look-up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core.model import AttemptStatus
from relay.core.people import handlers_of
from relay.core.policy import Policy
from relay.flow.channel import Undecidable
from relay.flow.intake import Intake

from tests.fakes.world import MEDIA_URL
from tests.flow.lost_answers import FIRST, LOST, SECOND, adopt, find
from tests.office import ANA, BEN, CARLA, THREE, Office, tiers_of
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER, policy
from tests.worlds import Doubles, inbound_request, status_request, with_files


def link_of(doubles: Doubles, message_id: str = MESSAGE_ID) -> str:
    return f"{MEDIA_URL}/m/{doubles.relay(message_id).media_token}"


def bodies(doubles: Doubles) -> list[str]:
    return [one.body for one in doubles.messenger.sends]


def filtered(doubles: Doubles, attempt: int) -> None:
    """The carrier's receipt: filtered. What is due then is done."""
    now = doubles.relay().attempts[attempt - 1]
    request = status_request("undelivered", attempt, tier=now.tier, ErrorCode="30007", MessageSid=now.sent_id)
    assert doubles.status(request).status == 204
    doubles.wait(1)


def test_a_text_with_photos_says_how_many_and_ends_with_the_link_to_them() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(**with_files(types=("image/jpeg", "image/jpeg"))))
    assert bodies(doubles) == [f"{CUSTOMER}: {BODY}\n[2 photos] {link_of(doubles)}"]


def test_each_text_has_a_link_of_its_own() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(**with_files(FIRST)))
    doubles.inbound(inbound_request(**with_files(SECOND)))
    assert link_of(doubles, FIRST) != link_of(doubles, SECOND)
    assert [body.rpartition(" ")[2] for body in bodies(doubles)] == [link_of(doubles, FIRST), link_of(doubles, SECOND)]


def test_filtered_with_the_link_it_goes_to_the_same_person_without_it_and_then_on_as_a_notice() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(**with_files()))
    filtered(doubles, 1)
    filtered(doubles, 2)
    first, second, third = bodies(doubles)
    assert first.endswith(link_of(doubles))
    assert second == f"{CUSTOMER}: {BODY}\n[1 photo: in Twilio's log]"
    assert BODY not in third
    assert MEDIA_URL not in third
    assert [one.tier for one in doubles.messenger.sends] == [1, 1, 2]


def test_a_tier_without_links_gets_the_count_and_the_next_one_the_link() -> None:
    first, second = policy(2, delays=()).tiers
    tiers = Policy((replace(first, without_link=True), second))
    doubles = Doubles(tiers)
    doubles.intake = Intake(tiers, (OUR_NUMBER,), handlers_of(tiers))
    doubles.inbound(inbound_request(**with_files()))
    doubles.wait(61)
    without, with_it = bodies(doubles)
    assert without.endswith("[1 photo: in Twilio's log]")
    assert with_it.endswith(f"[1 photo] {link_of(doubles)}")


@pytest.mark.parametrize("remembers", [True, False])
def test_a_text_with_a_link_whose_answer_was_lost_is_found_by_all_of_its_words(remembers: bool) -> None:
    doubles = Doubles()
    doubles.messenger.script(LOST)
    doubles.inbound(inbound_request(**with_files(FIRST)))
    sent = doubles.messenger.take(doubles.messenger.sends[-1])
    if not remembers:  # the record of an earlier revision
        stored = doubles.store.get(FIRST, timeout_seconds=1.0)
        assert stored is not None
        bare = replace(stored.relay, attempts=(replace(stored.relay.attempts[0], sent_digest=None),))
        doubles.store.update(bare, stored.version, (), timeout_seconds=1.0)
    assert adopt(doubles, FIRST) == sent
    assert doubles.relay(FIRST).attempts[0].status is AttemptStatus.ACCEPTED


def test_photos_without_words_are_not_confused_with_each_other_because_their_links_differ_or_not() -> None:
    """They come in bursts. A provider may shorten links, so a look-up does not trust them: it waits for callbacks."""
    doubles = Doubles()
    for message_id in (FIRST, SECOND):
        doubles.messenger.script(LOST)
        doubles.inbound(inbound_request(**with_files(message_id, Body="")))
    doubles.messenger.take(doubles.messenger.sends[0])
    for message_id in (FIRST, SECOND):
        with pytest.raises(Undecidable):
            find(doubles, message_id)


@pytest.mark.parametrize("reads", ["whole", "without the link"])
def test_a_like_on_a_text_with_photos_claims_it(reads: str) -> None:
    tiers = tiers_of(*THREE)
    if reads != "whole":
        tiers = Policy(tuple(replace(tier, without_link=True) for tier in tiers.tiers))
    office = Office(tiers)
    message_id = office.text(CARLA, "This couch", media=2)
    read = office.to(ANA)[0]
    assert (MEDIA_URL in read) is (reads == "whole")
    office.wait(30)
    office.text(ANA, f"Liked “{read}”")
    assert office.thread_of(message_id).owner == "Ana"
    office.wait(600)
    assert office.to(BEN) == []
