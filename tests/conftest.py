"""What every test shares: the rule about skipping."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.quick import some_of

# What is shared by all folders because each costs seconds: emulators, stacks, a browser.
pytest_plugins = ["tests.google_fixtures", "tests.stack_fixtures", "tests.browser_fixtures", "tests.workers"]

# How made-up examples are drawn: the same ones on every machine, however slow it is.
settings.register_profile("suite", max_examples=some_of(100), deadline=None, derandomize=True, print_blob=False)
settings.load_profile("suite")

# A skip that starts like this is about something no machine is expected to have.
OPTIONAL = "optional:"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With RELAY_FORBID_SKIPS=1 a skipped test has failed: a machine that should test everything must say so."""
    report = yield
    if os.environ.get("RELAY_FORBID_SKIPS") == "1" and report.skipped and isinstance(report.longrepr, tuple):
        reason = _reason(report)
        if not reason.startswith(OPTIONAL):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped, which is forbidden here: {reason}"
    return report


def _reason(report: pytest.TestReport) -> str:
    """Why a test was skipped."""
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What this machine cannot test: one line for each thing that is missing, and how to get it."""
    reasons = Counter(map(_reason, terminalreporter.getreports("skipped")))
    if reasons:
        terminalreporter.section("not tested on this machine")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} test{'s' if count > 1 else ''}: {reason}")
