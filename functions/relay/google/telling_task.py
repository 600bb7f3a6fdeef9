"""TellingTask has the function `tell` called at once, by a task; Cloud Scheduler, each minute, stands behind it.

All that is put within one second shares one task, by its name: that is as often as it is worth asking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from relay.google import clients
from relay.google.calls import Deadline, LazyClient, call
from relay.google.timers import make_client_of_tasks
from relay.ports import Clock, Journal

_SECONDS = 1.0
_DISPATCH_DEADLINE_SECONDS = 120
_ARMED_ALREADY = "AlreadyExists"


class TellingTask:
    """Safe to share between threads; made before a fork, it connects after it."""

    def __init__(
        self,
        *,
        project: str,
        location: str,
        queue: str,
        url: str,
        invoker_email: str,
        clock: Clock,
        journal: Journal,
        make_client: Callable[[], Any] | None = None,
    ) -> None:
        """`make_client` replaces the real client in tests."""
        self._queue = f"projects/{project}/locations/{location}/queues/{queue}"
        self._url = url
        self._invoker_email = invoker_email
        self._clock = clock
        self._journal = journal
        self._client = LazyClient(make_client or make_client_of_tasks)

    def poke(self) -> None:
        """Create the task. Never raises: a failure is logged, and the scheduler comes within the minute."""
        try:
            client, deadline = self._client.get(), Deadline(_SECONDS)
            task = self._task(self._clock.now().astimezone(UTC))
            call(
                lambda seconds: client.create_task(parent=self._queue, task=task, retry=None, timeout=seconds), deadline
            )
        except clients.google_errors() as error:
            name = type(error).__name__
            if name != _ARMED_ALREADY:
                self._journal.note(
                    "WARNING",
                    "the function that tells operators could not be woken: it comes within the minute",
                    error=name,
                )

    def _task(self, now: datetime) -> Any:
        tasks = clients.cloud_tasks()
        at = now.replace(microsecond=0) + timedelta(seconds=1)
        return tasks.Task(
            # A hash first: Cloud Tasks slows down under names with a common prefix.
            name=f"{self._queue}/tasks/{hashlib.sha256(at.isoformat().encode()).hexdigest()[:32]}-tell",
            schedule_time=at,
            dispatch_deadline=timedelta(seconds=_DISPATCH_DEADLINE_SECONDS),
            http_request=tasks.HttpRequest(
                http_method=tasks.HttpMethod.POST,
                url=self._url,
                oidc_token=tasks.OidcToken(service_account_email=self._invoker_email, audience=self._url),
            ),
        )
