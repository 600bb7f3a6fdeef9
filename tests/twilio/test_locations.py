"""A location that a customer shared becomes words and a link to a map."""

from __future__ import annotations

import pytest
from relay.twilio.locations import location_in_words

from tests.relays import CUSTOMER
from tests.worlds import Doubles, inbound_request

PLACE = {"Latitude": "37.7871299", "Longitude": "-122.39722"}
LINK = "https://maps.google.com/?q=37.78713,-122.39722"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (PLACE, f"Location: {LINK}"),
        ({**PLACE, "Label": "Blue Bottle"}, f"Location: Blue Bottle {LINK}"),
        (
            {**PLACE, "Label": "Blue Bottle", "Address": "1 Main St,\n Springfield"},
            f"Location: Blue Bottle, 1 Main St, Springfield {LINK}",
        ),
        ({**PLACE, "Address": "1 Main St"}, f"Location: 1 Main St {LINK}"),
        ({"Latitude": "0", "Longitude": "0.0"}, "Location: https://maps.google.com/?q=0,0"),
        ({"Latitude": "-90", "Longitude": "180"}, "Location: https://maps.google.com/?q=-90,180"),
    ],
)
def test_a_shared_location_is_forwarded_as_words_with_a_link_to_a_map(fields: dict[str, str], words: str) -> None:
    doubles = Doubles()
    assert doubles.inbound(inbound_request(Body="", From=f"whatsapp:{CUSTOMER}", **fields)).status == 200
    assert doubles.messenger.sends[0].body == f"{CUSTOMER}: {words}"


def test_it_stands_below_the_words_of_the_text() -> None:
    doubles = Doubles()
    doubles.inbound(inbound_request(Body="Here it is ", **PLACE))
    assert doubles.relay().message_body == f"Here it is\nLocation: {LINK}"


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("90.1", "0"),
        ("0", "-180.5"),
        ("", "0"),
        ("37.7", ""),
        ("1e2", "0"),
        ("nan", "0"),
        ("٣٧", "0"),
        ("37.", "0"),
        ("37&x=1", "0"),
        ("1" * 400, "0"),
    ],
)
def test_what_is_no_place_on_earth_makes_no_link_and_costs_no_words(latitude: str, longitude: str) -> None:
    assert location_in_words(latitude, longitude, "", "") == ""
    assert location_in_words(latitude, longitude, "1 Main St", "") == "Location: 1 Main St"


def test_a_parameter_that_is_missing_costs_no_text() -> None:
    doubles = Doubles()
    assert doubles.inbound(inbound_request(Latitude="1")).status == 200
    assert "Location" not in doubles.messenger.sends[0].body


def test_an_endless_label_is_cut() -> None:
    assert len(location_in_words("1", "2", "a" * 5000, "b" * 5000)) < 500


def test_a_text_without_a_location_says_nothing_of_one() -> None:
    assert location_in_words("", "", "", " ") == ""
