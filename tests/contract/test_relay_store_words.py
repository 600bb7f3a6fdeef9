"""What every store of relays promises of a search by words: the same is found in each, over all that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.model import FinalStatus, Relay
from relay.core.policy import Policy, Tier, sms
from relay.ports import Search

from tests.contract.conftest import StoreRig
from tests.strategies import a_relay, an_attempt, later

TIMEOUT = 120.0
DANA, SAM = Tier("Dana (on call)", sms("+12025550111")), Tier("Sàm", sms("+12025550112"))
POLICY = Policy((DANA, SAM))
AT_DANA = an_attempt(reach=DANA.reach)
AT_SAM = an_attempt(2, tier=2, reach=SAM.reach)

KEPT = {
    "couch": a_relay(message_body="The COUCH is on the porch", sender_phone="+13035550100"),
    "accents": a_relay(message_body="Der Kühlschrank fällt aus, café Zoë", sender_phone="+4915112345678"),
    "hebrew": a_relay(message_body="הַמְּקָרֵר לא עובד", sender_phone="+972501234567"),
    "chinese": a_relay(message_body="冰箱坏了 请尽快来", sender_phone="+8613800138000"),
    "mexican": a_relay(message_body="TV rota", sender_phone="+5215512345678"),
    "dana": a_relay(message_body="Leaking", policy=POLICY, attempts=(AT_DANA,)),
    "sam": a_relay(message_body="Leaking too", policy=POLICY, attempts=(AT_DANA, AT_SAM)),
    "claimed": a_relay(
        message_body="Mine", policy=POLICY, attempts=(AT_DANA,), claimed_by="Ben", final_status=FinalStatus.CLAIMED
    ),
    "from a handler": a_relay(message_body="ok", policy=POLICY, sender_phone="+12025550112", attempts=()),
    "signs": a_relay(message_body='100% "sure" OR NOT near* (pump_2) \N{SNOWMAN} a\nbreak', sender_phone="ACME Bank"),
    "number in words": a_relay(message_body="Call me at 303-555-0199"),
}

ASKED = {
    "couch": ["couch"],
    "COUCH Porch": ["couch"],
    "porch couch": ["couch"],
    "ouch": ["couch"],
    "couch sofa": [],
    "kuhlschrank": ["accents"],
    "KÜHLSCHRANK": ["accents"],
    "cafe zoe": ["accents"],
    "מקרר": ["hebrew"],
    "冰箱": ["chinese"],
    "坏": ["chinese"],
    "tv": ["mexican"],
    "tv rota": ["mexican"],
    "dana": ["dana", "sam", "claimed"],
    "sam": ["sam", "from a handler"],
    "dana leaking": ["dana", "sam"],
    "on call": ["dana", "sam", "claimed"],
    "ben": ["claimed"],
    "+13035550100": ["couch"],
    "(303) 555-0100": ["couch"],
    "303 555 0100 couch": ["couch"],
    "555-0100": ["couch"],
    "0151 12345678": ["accents"],
    "0049 151 12345678": ["accents"],
    "+49 (0)151 12345678": ["accents"],
    "+52 55 1234 5678": ["mexican"],
    "202 555 0112": ["sam", "from a handler"],
    "303-555-0199": ["number in words"],
    "555 0111 99": [],
    '"sure"': ["signs"],
    "OR NOT": ["signs"],
    "near*": ["signs"],
    "pump_2": ["signs"],
    "100%": ["signs"],
    "\N{SNOWMAN}": ["signs"],
    "a break": ["signs"],
    "acme": ["signs"],
    "%": ["signs"],
    "-pump": [],
    "words:pump": [],
}


def _keep(rig: StoreRig) -> dict[str, Relay]:
    kept = {name: replace(relay, timestamp=later(number)) for number, (name, relay) in enumerate(KEPT.items())}
    for relay in kept.values():
        rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    return kept


def _found(rig: StoreRig, search: Search) -> list[Relay]:
    """All that is found, page by page."""
    found: list[Relay] = []
    while True:
        page = rig.store.search(search, timeout_seconds=TIMEOUT)
        found.extend(page.relays)
        assert (page.searched_back_to is None) == (page.next_page_token is None)
        if page.next_page_token is None:
            return found
        search = replace(search, page_token=page.next_page_token)


def _names(kept: dict[str, Relay], found: Sequence[Relay]) -> list[str]:
    by_id = {relay.message_id: name for name, relay in kept.items()}
    return [by_id[relay.message_id] for relay in found]


def test_what_has_all_of_the_words_is_found_newest_first(rig: StoreRig) -> None:
    kept = _keep(rig)
    for words, expected in ASKED.items():
        assert _names(kept, _found(rig, Search(words=words))) == expected[::-1], words


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_other_conditions_and_any_page_size_hold_beside_the_words(rig: StoreRig, limit: int) -> None:
    kept = _keep(rig)
    assert _names(kept, _found(rig, Search(words="dana", limit=limit))) == ["claimed", "sam", "dana"]
    claimed = Search(FinalStatus.CLAIMED, words="dana", limit=limit)
    assert _names(kept, _found(rig, claimed)) == ["claimed"]
    theirs = Search(sender_phone="+1 303 555-0100", words="porch", limit=limit)
    assert _names(kept, _found(rig, theirs)) == ["couch"]
    since = kept["sam"].timestamp
    assert _names(kept, _found(rig, Search(since=since, words="dana", limit=limit))) == ["claimed", "sam"]
    assert _names(kept, _found(rig, Search(until=since, words="dana", limit=limit))) == ["dana"]


def test_a_page_looks_at_so_many_and_the_next_one_goes_on(rig: StoreRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has short words alone is in no index: each store looks at one after the other, and says how far."""
    monkeypatch.setattr("relay.ports.scanning.SCANNED_MAX", 4)
    kept = _keep(rig)
    first = rig.store.search(Search(words="tv"), timeout_seconds=TIMEOUT)
    assert (first.relays, first.searched_back_to) == ((), list(kept.values())[-4].timestamp)
    assert _names(kept, _found(rig, Search(words="tv"))) == ["mexican"]
    assert _names(kept, _found(rig, Search(words="dana", limit=2))) == ["claimed", "sam", "dana"]


def test_words_that_a_text_has_since_lately_are_found_and_those_that_it_lost_are_not(rig: StoreRig) -> None:
    relay = a_relay(message_body="The couch", policy=POLICY, attempts=(AT_DANA,))
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    longer = replace(relay, message_body="The sofa is here", attempts=(AT_DANA, AT_SAM))
    version = rig.store.update(longer, version, [], timeout_seconds=TIMEOUT)
    for words, found in {"sofa": [longer], "sam sofa": [longer], "couch": []}.items():
        assert _found(rig, Search(words=words)) == found
    claimed = replace(longer, claimed_by="Zoë", final_status=FinalStatus.CLAIMED)
    rig.store.update(claimed, version, [], timeout_seconds=TIMEOUT)
    assert _found(rig, Search(words="zoe")) == [claimed]


def test_the_beginning_of_an_id_finds_its_relay_and_what_was_made_of_it(rig: StoreRig) -> None:
    message_id = "SM0a1b2c3d" + "0" * 24
    others = [replace(relay, message_id=f"SM0a1b2c4{number:025x}") for number, relay in enumerate(KEPT.values())]
    wanted = a_relay(message_id=message_id, timestamp=later(1), message_body="nothing of its id")
    answer = a_relay(message_id=f"{message_id}-a", timestamp=later(2))
    telling = a_relay(timestamp=later(3), message_body=f"What became of {message_id}?")
    for relay in (*others, wanted, answer, telling):
        rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    for words in ("SM0a1b2c3d", "sm0A1B2C3", message_id, f" {message_id[:-1]} "):
        assert _found(rig, Search(words=words, limit=2)) == [telling, answer, wanted], words
    assert _found(rig, Search(words=f"{message_id}-a")) == [answer]
    assert _found(rig, Search(words="0a1b2c3d")) == [telling]
    assert _found(rig, Search(words="SM0a1b2c3d nothing")) == []
    assert _found(rig, Search(words="SM0a1b2c3d", until=later(2))) == [wanted]


def test_deleted_and_expired_relays_are_not_found(rig: StoreRig) -> None:
    ended = FinalStatus.EXHAUSTED
    expiring = a_relay(message_body="couch one", expires_at=rig.clock.now() + timedelta(seconds=5), final_status=ended)
    deleted, kept = a_relay(message_body="couch two"), a_relay(message_body="couch three")
    for relay in (expiring, deleted, kept):
        rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    rig.store.delete(deleted.message_id, timeout_seconds=TIMEOUT)
    rig.clock.advance(5)
    assert _found(rig, Search(words="couch")) == [kept]


def test_a_foreign_page_token_is_refused(rig: StoreRig) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are each store's own
        rig.store.search(Search(words="couch", page_token="garbage"), timeout_seconds=TIMEOUT)
