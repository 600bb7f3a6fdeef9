"""`words` in the state interface: what is found, how far was looked, and what is no question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.operators.operator_calls import state, told
from tests.played import Played


@pytest.fixture
def played() -> Played:
    return Played()


def _search(played: Played, words: object, **changes: object) -> dict[str, Any]:
    response = state(played, {"words": words, **changes})
    return {"status": response.status, **told(response)}


def test_a_text_is_found_by_words_a_handlers_name_and_a_number_as_people_write_it(played: Played) -> None:
    couch, boiler = played.delivered(body="The couch is here"), played.cascaded(sender="+12025550177")
    for words, expected in {
        "COUCH": [couch],
        "dana": [boiler, couch],
        "front desk": [boiler],
        "202 555-0177": [boiler],
        "sofa": [],
    }.items():
        found = _search(played, words, view="summary")
        assert [row["message_id"] for row in found["relays"]] == expected, words
        assert (found["searched_back_to"], found["next_page_token"]) == (None, None)


def test_all_that_is_kept_is_looked_through_page_by_page(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.ports.scanning.SCANNED_MAX", 2)
    old = played.delivered(body="The couch is here")
    played.wait(80 * 86400)
    for _ in range(4):
        played.delivered()
    pages = [_search(played, "couch")]
    while pages[-1]["next_page_token"] is not None:
        pages.append(_search(played, "couch", page_token=pages[-1]["next_page_token"]))
    assert [[each["message_id"] for each in page["relays"]] for page in pages] == [[], [], [old]]
    assert [page["searched_back_to"] is None for page in pages] == [False, False, True]


def test_any_other_search_says_nothing_of_how_far_it_looked(played: Played) -> None:
    assert "searched_back_to" not in told(state(played, {}))


def test_words_go_with_every_other_condition(played: Played) -> None:
    played.delivered()
    exhausted = played.exhausted()
    since = (played.clock.now() - timedelta(days=1)).isoformat()
    found = _search(played, "dana", final_status="exhausted", since=since, limit=1, view="whole")
    assert [each["summary"]["message_id"] for each in found["relays"]] == [exhausted]


@pytest.mark.parametrize("words", ["", " \n", "\N{COMBINING ACUTE ACCENT}", 7, ["couch"], "x" * 201, "half \ud800"])
def test_what_is_nothing_to_look_for_is_refused(played: Played, words: object) -> None:
    answer = _search(played, words)
    assert (answer["status"], answer["error"][:6]) == (400, "words ")


def test_a_foreign_page_token_is_refused(played: Played) -> None:
    assert _search(played, "couch", page_token="x")["status"] == 400
