"""The official emulators: they start, answer the real clients, reset, freeze, and leave no process behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from scripts.local_google import sdk
from scripts.local_google.emulators import (
    EmulatorFailed,
    EmulatorsUnavailable,
    FirestoreEmulator,
    PubSubEmulator,
)
from tests.local_google.processes import is_alive
from tests.local_google.target import eventually


def test_a_document_can_be_written_and_read(firestore_project: str) -> None:
    relay = firestore.Client(project=firestore_project).document("relays/SM1")
    relay.set({"final_status": "delivered"})
    assert relay.get().to_dict() == {"final_status": "delivered"}


def test_a_reset_empties_one_project_and_no_other(
    firestore_emulator: FirestoreEmulator, firestore_project: str
) -> None:
    ours = firestore.Client(project=firestore_project).document("relays/SM1")
    other = firestore.Client(project=f"{firestore_project}-b").document("relays/SM1")
    ours.set({"n": 1})
    other.set({"n": 2})
    firestore_emulator.reset(firestore_project)
    assert not ours.get().exists
    assert other.get().exists
    firestore_emulator.reset(f"{firestore_project}-b")


def test_a_paused_emulator_answers_nothing_and_goes_on_when_resumed(
    firestore_emulator: FirestoreEmulator, firestore_project: str
) -> None:
    relay = firestore.Client(project=firestore_project).document("relays/SM1")
    relay.set({"n": 1})
    with firestore_emulator.paused(), pytest.raises(exceptions.DeadlineExceeded):
        relay.get(timeout=0.3, retry=None)
    assert relay.get(timeout=60).to_dict() == {"n": 1}


def test_a_message_can_be_published_and_pulled(pubsub_project: str) -> None:
    with SubscriberClient() as subscriber:
        publisher = PublisherClient()
        topic = publisher.topic_path(pubsub_project, "relay-events")
        subscription = subscriber.subscription_path(pubsub_project, "all")
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=subscription, topic=topic)
        publisher.publish(topic, b"event").result(timeout=60)
        pulled = subscriber.pull(subscription=subscription, max_messages=1, timeout=60)
        assert [got.message.data for got in pulled.received_messages] == [b"event"]
        publisher.stop()


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("kind", [FirestoreEmulator, PubSubEmulator])
def test_stopping_leaves_no_process_and_no_open_port(
    firestore_emulator: FirestoreEmulator,
    pubsub_emulator: PubSubEmulator,
    kind: type[FirestoreEmulator | PubSubEmulator],
    frozen: bool,
) -> None:
    with kind() as emulator:
        pid, port = emulator.pid, emulator.port
        assert is_alive(pid)
        if frozen:
            emulator.pause()
    assert not is_alive(pid)
    assert not emulator.running
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)
    emulator.stop()  # once more does no harm


def test_an_emulator_ends_with_a_process_that_was_killed(pubsub_emulator: PubSubEmulator) -> None:
    code = (
        "import time\n"
        "from scripts.local_google.emulators import PubSubEmulator\n"
        "emulator = PubSubEmulator()\n"
        "emulator.start()\n"
        "print(emulator.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert is_alive(pid)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    eventually(lambda: not is_alive(pid), "the emulator of a killed process ends")


def test_a_taken_port_is_a_clear_failure(pubsub_emulator: PubSubEmulator) -> None:
    with pytest.raises(EmulatorFailed, match=f"on port {pubsub_emulator.port}: the port is taken"):
        PubSubEmulator(port=pubsub_emulator.port).start()


def test_without_java_the_message_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert_unavailable("java is missing: install")


def test_all_that_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("CLOUDSDK_ROOT_DIR", raising=False)
    assert_unavailable("java is missing: install")
    assert_unavailable("gcloud is missing: install the Google Cloud CLI and its components cloud-firestore-emulator")


def test_without_gcloud_the_message_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend_java(monkeypatch, tmp_path)
    monkeypatch.delenv("CLOUDSDK_ROOT_DIR", raising=False)
    assert_unavailable("gcloud is missing: install")


def test_a_gcloud_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend_java(monkeypatch, tmp_path)
    monkeypatch.delenv("CLOUDSDK_ROOT_DIR", raising=False)
    make_program(tmp_path / "gcloud", "exit 1")
    assert_unavailable("gcloud does not work here")


def test_without_the_component_the_message_names_it_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend_java(monkeypatch, tmp_path)
    monkeypatch.setenv("CLOUDSDK_ROOT_DIR", str(tmp_path))
    assert_unavailable("gcloud components install cloud-firestore-emulator")


def test_what_needs_both_emulators_names_all_that_is_missing_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In one line, and each thing once: gcloud without its components, and without Java."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("CLOUDSDK_ROOT_DIR", str(tmp_path))
    with pytest.raises(EmulatorsUnavailable) as missing:
        sdk.need(sdk.FIRESTORE, sdk.PUBSUB)
    for name in ("java", "cloud-firestore-emulator", "pubsub-emulator"):
        assert str(missing.value).count(f"{name} is missing") == 1
    monkeypatch.delenv("CLOUDSDK_ROOT_DIR")
    sdk._sdk_root.cache_clear()
    with pytest.raises(EmulatorsUnavailable) as missing:
        sdk.need(sdk.FIRESTORE, sdk.PUBSUB)
    assert str(missing.value).count("gcloud is missing") == 1


def assert_unavailable(expected: str) -> None:
    sdk._sdk_root.cache_clear()
    with pytest.raises(EmulatorsUnavailable) as missing:
        FirestoreEmulator().start()
    sdk._sdk_root.cache_clear()
    assert expected in str(missing.value)
    assert "\n" not in str(missing.value)


def pretend_java(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    make_program(folder / "java", "exit 0")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(folder))


def make_program(path: Path, line: str) -> None:
    shell = shutil.which("sh", path=os.defpath)
    path.write_text(f"#!{shell}\n{line}\n")
    path.chmod(0o755)
