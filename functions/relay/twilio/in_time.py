"""`in_time` calls something that can take longer than any timeout of a single read, and gives up on it in time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """How a call ended: with a value, with an error, or (neither) not in time."""

    value: T | None = None
    error: Exception | None = None


def in_time(do: Callable[[], T], timeout_seconds: float, drop: Callable[[T], object] | None = None) -> Ended[T]:
    """Call `do` in a thread of its own. Returns how it ended, or after `timeout_seconds` that it has not; then its
    answer is given to `drop`, which closes what it holds."""
    answers: queue.SimpleQueue[Ended[T]] = queue.SimpleQueue()
    is_given_up = threading.Event()

    def run() -> None:
        try:
            answers.put(Ended(value=do()))
        except Exception as error:
            answers.put(Ended(error=error))
        if is_given_up.is_set():
            late = _at_once(answers)
            if late.value is not None and drop is not None:
                drop(late.value)

    # A daemon: the process may end while the thread still waits for an answer that its caller gave up on.
    threading.Thread(target=run, name="twilio", daemon=True).start()
    try:
        return answers.get(timeout=timeout_seconds)
    except queue.Empty:
        is_given_up.set()
        # It may have come between the two: one of both sides gets it.
        return _at_once(answers)


def _at_once(answers: queue.SimpleQueue[Ended[T]]) -> Ended[T]:
    try:
        return answers.get_nowait()
    except queue.Empty:
        return Ended()
