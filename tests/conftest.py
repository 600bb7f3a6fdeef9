"""What every test shares: the rule about skipping."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

# The emulators are shared by all folders: each costs seconds and a Java process.
pytest_plugins = ["tests.google_fixtures", "tests.stack_fixtures"]

# A skip that starts like this is about something no machine is expected to have.
OPTIONAL = "optional:"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With RELAY_FORBID_SKIPS=1 a skipped test has failed: a machine that should test everything must say so."""
    report = yield
    if os.environ.get("RELAY_FORBID_SKIPS") == "1" and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(OPTIONAL):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped, which is forbidden here: {reason}"
    return report
