"""What the links to files begin with, as each entry point that writes or shows them is told it."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay import shared, wiring

from tests.entry_points.served import settings_for

PUBLIC = "https://relay.example.com"


@pytest.mark.parametrize("changes", [{}, {"MEDIA_BASE_URL": "https://p.example.com"}], ids=["by default", "when said"])
def test_on_one_machine_links_are_shown_as_they_are_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, str]
) -> None:
    monkeypatch.setattr(shared, "shared", {})
    for name, value in settings_for(tmp_path, PUBLIC_BASE_URL=PUBLIC, **changes).items():
        monkeypatch.setenv(name, value)
    shown, sent = (wiring.runtime(name).settings.media_base_url for name in ("sms_relay_state", "sms_inbound"))
    assert shown == sent == changes.get("MEDIA_BASE_URL", PUBLIC)
