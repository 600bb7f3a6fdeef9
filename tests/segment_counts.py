"""Texts and how many SMS segments they take, by Twilio's published limits: held against the relay and the fake alike.

Source: Twilio docs/glossary/what-sms-character-limit. None of these characters is one that SmartEncoded replaces.
"""

from __future__ import annotations

from hypothesis import strategies as st

from scripts.fake_twilio.text import BASIC, EXTENDED

COUNTS = [
    ("", 1),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("a" * 459, 3),
    ("a" * 460, 4),
    ("x" * 1600, 11),
    # The extension table: an escape and a character, two septets that stay together.
    ("€" * 80, 1),
    ("€" * 81, 2),
    ("€" * 80 + "a", 2),
    ("a" * 158 + "€", 1),
    ("a" * 159 + "€", 2),
    ("€" * 152, 2),
    ("€" * 153, 3),
    ("a" * 152 + "€" + "a" * 151, 2),
    ("a" * 152 + "€" + "a" * 152, 3),
    # UCS-2: one character outside GSM-7 makes all of them wide.
    ("你" * 70, 1),
    ("你" * 71, 2),
    ("ж" * 134, 2),
    ("ж" * 135, 3),
    ("a" * 69 + "你", 1),
    ("a" * 70 + "你", 2),
    ("ç" + "a" * 70, 2),
    # An emoji is two units, which stay together.
    ("😀" * 35, 1),
    ("😀" * 36, 2),
    ("😀" * 66, 2),
    ("😀" * 67, 3),
    ("a" * 66 + "😀" + "a" * 65, 2),
    ("a" * 66 + "😀" + "a" * 67, 3),
]

# Texts of GSM characters, and texts that are most often wide.
PLAIN = st.text(st.sampled_from(sorted(BASIC | EXTENDED)), max_size=400)
WIDE = st.text(st.sampled_from("aä你😀🔥é€"), max_size=400)
