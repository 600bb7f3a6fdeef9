"""The timers of the google home: one named task per timer, in the queue of the tier that acts when it fires.

A task's name is what the timer is for, so arming it twice is harmless, and it starts with a hash, because Cloud Tasks
slows down under names with a common prefix. Neither name nor body holds a phone number or a text.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

from relay.core.model import Timer
from relay.google import clients, task
from relay.google.calls import Deadline, LazyClient, call
from relay.ports import Journal

# The variable by which a client finds a local server; Google's own clients of Cloud Tasks know none.
EMULATOR_VARIABLE = "CLOUD_TASKS_EMULATOR_HOST"

# How long one run of the escalation function may take before Cloud Tasks calls it again. Above what the function gives
# itself; Cloud Tasks allows 15 s to 30 minutes.
DISPATCH_DEADLINE_SECONDS = 60

# An error answer to one of these says that the timer is in the state that was wanted.
_ARMED_ALREADY = "AlreadyExists"
_GONE_ALREADY = "NotFound"


class CloudTasksTimers:
    """Implements ports.Timers. Safe to share between threads; made before a fork, it connects after it.

    The time to load the client library, once, is not part of any `timeout_seconds`; `warm_up` does it earlier.
    """

    def __init__(
        self,
        *,
        project: str,
        location: str,
        queue_template: str,
        url_template: str,
        invoker_email: str,
        journal: Journal,
        audience_template: str = "",
        make_client: Callable[[], Any] | None = None,
    ) -> None:
        """
        Args:
            queue_template: a queue's name, with {tier}.
            url_template: URL of a tier's escalation function, with {tier}.
            invoker_email: service account whose identity token the tasks carry.
            audience_template: the token's audience, with {tier} where it differs; by default the URL itself.
            make_client: replaces the real client in tests.
        """
        self._parent = f"projects/{project}/locations/{location}"
        self._queue_template = queue_template
        self._url_template = url_template
        self._invoker_email = invoker_email
        self._audience_template = audience_template or url_template
        self._journal = journal
        self._client = LazyClient(make_client or make_client_of_tasks)

    def warm_up(self) -> None:
        """Load the client library and make the client now. Sends nothing, never raises."""
        try:
            self._client.get()
        except clients.google_errors() as error:
            self._journal.note("WARNING", "the Cloud Tasks client could not be made", error=type(error).__name__)

    def arm(self, timer: Timer, *, timeout_seconds: float) -> bool:
        queue = self._queue(timer)

        def create(client: Any, seconds: float) -> None:
            client.create_task(parent=queue, task=self._task(timer, queue), retry=None, timeout=seconds)

        return self._do(
            create, timer, timeout_seconds, _ARMED_ALREADY, "a timer could not be armed: the sweep stands in"
        )

    def cancel(self, timer: Timer, *, timeout_seconds: float) -> None:
        name = self._name(timer, self._queue(timer))

        def delete(client: Any, seconds: float) -> None:
            client.delete_task(name=name, retry=None, timeout=seconds)

        self._do(delete, timer, timeout_seconds, _GONE_ALREADY, "a timer could not be cancelled: it will be ignored")

    def _do(
        self, what: Callable[[Any, float], None], timer: Timer, timeout_seconds: float, done_already: str, failure: str
    ) -> bool:
        """Returns whether it was done. `call` may repeat it after a lost reply; `done_already` is then the answer."""
        try:
            client = self._client.get()
            deadline = Deadline(timeout_seconds)
            call(lambda seconds: what(client, seconds), deadline)
            return True
        except clients.google_errors() as error:
            name = type(error).__name__
        if name == done_already:
            return True
        self._journal.note(
            "WARNING", failure, relay=timer.message_id, attempt=timer.attempt, kind=timer.kind.value, error=name
        )
        return False

    def _queue(self, timer: Timer) -> str:
        return f"{self._parent}/queues/{self._queue_template.format(tier=timer.queue_tier)}"

    def _name(self, timer: Timer, queue: str) -> str:
        due_at = timer.due_at.astimezone(UTC).isoformat()
        purpose = f"{timer.message_id}/{timer.attempt}/{timer.kind.value}/{due_at}"
        digest = hashlib.sha256(purpose.encode()).hexdigest()
        # After the hash, what lets a person find a relay's tasks in the console.
        return f"{queue}/tasks/{digest[:32]}-{timer.message_id}-{timer.attempt}-{timer.kind.value}"

    def _task(self, timer: Timer, queue: str) -> Any:
        tasks = clients.cloud_tasks()
        tier = timer.queue_tier
        token = tasks.OidcToken(
            service_account_email=self._invoker_email, audience=self._audience_template.format(tier=tier)
        )
        request = tasks.HttpRequest(
            http_method=tasks.HttpMethod.POST,
            url=self._url_template.format(tier=tier),
            headers={"Content-Type": "application/json"},
            body=task.encode(timer),
            oidc_token=token,
        )
        return tasks.Task(
            name=self._name(timer, queue),
            schedule_time=timer.due_at,
            dispatch_deadline=timedelta(seconds=DISPATCH_DEADLINE_SECONDS),
            http_request=request,
        )


def make_client_of_tasks() -> Any:
    """Returns a client of Cloud Tasks, or of the local server that stands in for it."""
    client_class = clients.cloud_tasks().CloudTasksClient
    local_server = os.environ.get(EMULATOR_VARIABLE, "")
    if not local_server:
        return client_class()
    import grpc

    transport = clients.cloud_tasks_transports().CloudTasksGrpcTransport
    return client_class(transport=transport(channel=grpc.insecure_channel(local_server)))
