"""A handler who texted STOP and then START: Twilio answers, and the log says that texts arrive again."""

from __future__ import annotations

import pytest
from relay.core.model import Consent

from tests.office import ANA, CARLA, Office


@pytest.mark.parametrize("replies", [True, False])
def test_the_log_says_so_and_the_handler_is_told_nothing_by_us(replies: bool) -> None:
    office = Office(replies=replies)
    office.reaches(CARLA, "The couch")
    office.text(ANA, "STOP", consent=Consent.STOP)
    told = len(office.to(ANA))
    for consent in (Consent.START, None):
        office.text(ANA, "START", consent=consent)
        office.settle()
    assert [words for _, words, _ in office.journal.notes if "opted" in words] == ["a handler opted in again"]
    assert len(office.to(ANA)) == told
