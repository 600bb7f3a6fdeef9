"""Handlers as people: one for each name, known by an id without a number, told to each other by name."""

from __future__ import annotations

import pytest
from relay.core.people import PLACES, Person, handlers_of, place_of
from relay.core.policy import Policy, Reach, Tier, sms

FIRST, SECOND = "+15550100001", "+15550100002"


def _people(*tiers: tuple[str, str]) -> tuple[Person, ...]:
    return handlers_of(Policy(tuple(Tier(name, sms(phone)) for name, phone in tiers))).handlers


def test_one_name_is_one_person_with_each_number_once() -> None:
    assert _people(("Dana", FIRST), ("Sam", SECOND), ("Dana", FIRST), ("Dana", SECOND)) == (
        Person("Dana", "Dana", (FIRST, SECOND)),
        Person("Sam", "Sam", (SECOND,)),
    )


@pytest.mark.parametrize("place", [*PLACES, place_of(1), place_of(12)])
def test_without_a_name_others_are_told_how_the_number_ends_and_the_id_holds_no_number(place: str) -> None:
    (person,) = _people((place, FIRST))
    assert (person.id, person.spoken) == (place, "…0001")


@pytest.mark.parametrize("name", ["Dana", "tier", "primary doctor", "tier 1 on call", "Backup"])
def test_a_name_is_told_as_it_is(name: str) -> None:
    (person,) = _people((name, FIRST))
    assert (person.id, person.spoken) == (name, name)


def test_a_person_who_is_not_texted_is_told_by_the_place() -> None:
    (person,) = handlers_of(Policy((Tier("backup", Reach("call", FIRST)),))).handlers
    assert (person.numbers, person.spoken) == ((), "backup")
