"""Every installation and every build gets the same packages."""

from __future__ import annotations

import pytest

from scripts import pin_requirements


def test_everything_that_our_packages_bring_along_is_pinned(capsys: pytest.CaptureFixture[str]) -> None:
    assert pin_requirements.main(["--check"]) == 0, capsys.readouterr().out


def test_every_requirement_names_one_exact_version() -> None:
    for path in pin_requirements.FILES:
        for line in path.read_text().splitlines():
            assert not line or line.startswith(("#", "-r ")) or line.count("==") == 1, f"{path.name}: {line}"
