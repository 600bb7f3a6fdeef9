"""The serving process: gunicorn with one worker of ours (peers.py), on a socket that the supervisor has already bound.

Started by the supervisor with the whole configuration in its environment. It ends when the supervisor closes the other
end of its lifeline, a pipe, which also happens when the supervisor is killed: nothing is left running behind.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
from typing import Any

import gunicorn.app.base
from gunicorn.arbiter import Arbiter
from relay import homes
from relay.errors import ConfigurationError, StoreUnavailable

from scripts.local_stack.application import Stack
from scripts.local_stack.environment import Plan
from scripts.local_stack.places import Twilio

# Twilio has given up on an answer by then; everything accepted is stored.
_GRACEFUL_SECONDS = 5
# Far more than the connections that are kept, those to Twilio and the database's files. Some systems allow 256 to who
# does not ask for more, and half as many slow peers would then keep everyone waiting.
_OPEN_FILES = 4096


class _Server(gunicorn.app.base.BaseApplication):  # type: ignore[misc]
    def __init__(self, plan: Plan, socket_fd: int, lifeline_fd: int) -> None:
        self._plan = plan
        self._socket_fd = socket_fd
        self._lifeline_fd = lifeline_fd
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"fd://{self._socket_fd}",
            "worker_class": "scripts.local_stack.peers.Worker",
            # More would each have a fake Twilio of its own, and SQLite writes one at a time anyway.
            "workers": 1,
            "graceful_timeout": _GRACEFUL_SECONDS,
            "loglevel": "error",
            # Its socket would lie in the user's home directory.
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Stack:
        # In the worker: threads and connections do not survive a fork.
        try:
            stack = Stack(self._plan, os.environ)
        except SystemExit as refusal:
            # An entry point refuses its configuration. Anything but this status would have gunicorn try for ever.
            print(refusal.code, file=sys.stderr, flush=True)
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
        threading.Thread(target=_end_with_lifeline, args=(self._lifeline_fd, stack), daemon=True).start()
        stack.start()
        return stack


def _end_with_lifeline(lifeline_fd: int, stack: Stack) -> None:
    while os.read(lifeline_fd, 1):
        pass
    stack.stop()
    os.kill(os.getppid(), signal.SIGTERM)


def allow_open_files() -> None:
    """Raise how many files this process and its children may have open, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    """Serve until the lifeline is cut. Descriptors of socket and lifeline are arguments."""
    socket_fd, lifeline_fd = int(sys.argv[1]), int(sys.argv[2])
    allow_open_files()
    environ = dict(os.environ)
    plan = Plan(
        environ,
        Twilio(environ["RELAY_LOCAL_TWILIO"]),
        environ["RELAY_BACKEND"],
        environ["RELAY_LOCAL_HOST"],
        int(environ["RELAY_LOCAL_PORT"]),
    )
    if plan.backend == "embedded":
        # Before the worker is forked, so that the one that replaces it when it dies makes no new file.
        try:
            homes.prepare_embedded(plan.settings())
        except (ConfigurationError, StoreUnavailable) as refusal:
            sys.exit(str(refusal))
    _Server(plan, socket_fd, lifeline_fd).run()


if __name__ == "__main__":
    main()
