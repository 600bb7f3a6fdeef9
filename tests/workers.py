"""Which tests share a process when several processes run the suite side by side (pytest-xdist).

Tests wait more than they work: for timers, servers, other processes. So there are more workers than cores. What costs
seconds to make (a running stack, an emulator, a Terraform plan) is made once, because the tests that use it are one
group and a group stays with one worker; a file's other tests are a group as well, for its own fixtures.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import re
import sys
from collections.abc import Generator, Iterable
from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.quick import IS_QUICK

_ON_EMULATORS = re.compile(r"\[(?:.*-)?(?:google|firestore)(?:-.*)?\]\Z")
# Folders and files by what their tests share: the running stack, a town of stories, Terraform, walks, emulators.
_CONSOLE = ("console",)
_STACK = (
    *_CONSOLE,
    "browser",
    "relayctl",
    "local_stack/test_relay_events",
    "local_stack/test_running",
    "local_stack/test_screen",
)
_TOWN = ("stories",)
_MISBEHAVING = ("stories/misbehaving",)  # in a town of their own
_TERRAFORM = ("terraform",)
_WALKS = ("core/test_machine_walk", "core/test_states_doc")
_EMULATORS = ("endurance/test_google", "google", "local_google/test_emulators", "local_google/test_eventarc")
# Each fixture that costs seconds, and how the groups begin whose tests may use it.
_DEAR = {
    "terraform": "terraform",
    "stack_of": "stack ",
    "shared_town": "town ",
    "firestore_emulator": "emulators",
    "pubsub_emulator": "emulators",
}

# What functions-framework leaves in the environment would decide how the next test's servers take their requests.
_OF_THE_FRAMEWORK = ("FUNCTION_SIGNATURE_TYPE", "FUNCTION_TARGET")
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

# The groups that take longest, in the order in which they are begun: the last to begin decides when all is over. Those
# that wait come before those that compute, so that neither is left alone at the end.
LONGEST_FIRST = (
    "terraform",
    "stack embedded, console",
    "stack google",
    "stack embedded",
    "town google",
    "town embedded",
    "town misbehaving",
    "emulators",
    "tests/endurance/test_embedded.py",
    "tests/endurance/test_machine.py",
    "tests/simulator/test_schedules.py",
    "tests/endurance/fuzz/test_fuzz.py",
    "tests/small_machine/test_container.py",
    "tests/simulator/test_exhaustive.py",
    "tests/local_stack/test_commands.py",
    "tests/simulator/test_mutants.py",
    "tests/local_stack/test_second_stack.py",
    "tests/simulator/test_revisions.py",
    "walks",
    "tests/embedded/test_ticker.py",
    "tests/entry_points/test_targets.py",
    "tests/local_stack/test_troubled_disk.py",
    "tests/deployment/test_manage_secrets.py",
    "tests/deployment/test_state.py",
    "tests/record/test_documents.py",
    "tests/contract/test_relay_store.py",
)


def group_of(node_id: str) -> str:
    """Returns the name of what a test shares with others: the thing that is dear to make, or else its file.

    By the test's id alone: the process that deals the tests out knows no more of them.
    """
    path = node_id.partition("::")[0]
    place = str(PurePosixPath(path).relative_to("tests")) if path.startswith("tests/") else path
    is_on_emulators = _ON_EMULATORS.search(node_id) is not None
    home = "google" if is_on_emulators else "embedded"
    if place.startswith(_TERRAFORM):
        return "terraform"
    if place.startswith(_CONSOLE) and not is_on_emulators:
        return "stack embedded, console"  # with a stack of its own: in one group it would be the last to end
    if place.startswith(_STACK):
        return f"stack {home}"
    if place.startswith(_MISBEHAVING):
        return "town misbehaving"
    if place.startswith(_TOWN):
        return f"town {home}"
    if place.startswith(_WALKS):
        return "walks"
    if is_on_emulators or place.startswith(_EMULATORS):
        return "emulators"
    return path


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each group to one worker, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


# Tried first of those that may run a test: what it returns is the answer.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Run the last test of a group as if it were the last of all: what the group shares ends with it.

    A stack, an emulator and a browser that nobody uses any more would take a share of the cores until the very end.
    """
    if nextitem is None or group_of(nextitem.nodeid) == group_of(item.nodeid):
        return None
    return item.ihook.pytest_runtest_protocol(item=item, nextitem=None)


def made_once_more(node_id: str, fixtures: Iterable[str]) -> str:
    """Returns the fixture that costs seconds and that another group than this test's makes already; "" for none."""
    group = group_of(node_id)
    return next((name for name in fixtures if not group.startswith(_DEAR.get(name, ""))), "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """Fail the last test of a group that leaves the process otherwise than it found it.

    Which group a worker plays next differs from run to run, and so would the test that fails for it.
    """
    yield
    for name in _OF_THE_FRAMEWORK:
        os.environ.pop(name, None)
    if nextitem is None and (left := left_behind()):
        pytest.fail(f"this group left behind: {', '.join(left)}")


def left_behind() -> list[str]:
    """Returns the names of what is not as it was before the first test, and puts the environment right again."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    changed = sorted({name for name, _ in ours.items() ^ _ENVIRONMENT.items()})
    os.environ.update(_ENVIRONMENT)
    for name in ours.keys() - _ENVIRONMENT.keys():
        del os.environ[name]
    # Entry points that would start a background in the next group's tests.
    return [*changed, *sorted(getattr(sys.modules.get("relay.serving"), "_with_background", ()))]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose group would make something dear a second time."""
    name = made_once_more(item.nodeid, getattr(item, "fixturenames", ()))
    if name:
        pytest.fail(f"{name} is made by the group {_DEAR[name]!r}: name this test's file there, in tests/workers.py")


# Optional, because with `-p no:xdist` there are no such hooks.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup:
    return ByGroup(config, log)


# Before the files are collected.
@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load a share of the tests before the others: in a fresh clone each file is then compiled by one of the workers.

    To compile all, with their assertions rewritten, takes longer than to load them compiled: three times.
    """
    worker, count = os.environ.get("PYTEST_XDIST_WORKER", ""), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if not worker:
        return
    gc.disable()
    for name in sorted(_modules(session.config))[int(worker.removeprefix("gw")) :: count]:
        # What cannot be loaded is told when it is collected.
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep what was loaded out of the garbage collector's rounds: it stays, and to look through it takes longer than a
    test. In a worker that took a third of the loading, and a seventh of the tests."""
    if not gc.isenabled():
        gc.collect()
        gc.freeze()
        gc.enable()


def _modules(config: pytest.Config) -> set[str]:
    """Returns the names of the files with tests in the folders that are collected."""
    folders = [config.invocation_params.dir / argument for argument in config.args]
    files = {file for folder in folders for file in folder.rglob("test_*.py") if file.is_relative_to(config.rootpath)}
    return {".".join(file.relative_to(config.rootpath).with_suffix("").parts) for file in files}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Returns how many processes `-n auto` means: twice the cores that this process may use, and at least six.

    So many groups wait for most of their time; on two cores they would else wait one after the other, and then keep the
    others waiting. Under `make quick` it is one more than the cores: those tests work more than they wait.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    return cores + 1 if IS_QUICK else max(6, 2 * cores)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the long groups begin first. Within a group the order stays."""
    items.sort(key=lambda item: _place(group_of(item.nodeid)))


def _place(group: str) -> int:
    return LONGEST_FIRST.index(group) if group in LONGEST_FIRST else len(LONGEST_FIRST)
