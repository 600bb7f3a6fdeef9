"""`serve TARGET`: one function under functions-framework as it is deployed, with as many threads.

What stands in front of deployed functions is missing: here a peer holds a thread from its first byte on. The server of
`run` (peers.py) is the one for an address that strangers reach.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from relay import wiring
from relay.settings.settings import DATABASE_DEFAULT, backend_of
from relay.settings.variables import VARIABLES

from scripts.local_stack import ROOT, interruption, python
from scripts.local_stack.apart import keep_apart
from scripts.local_stack.environment import made_up, make_folder_of
from scripts.local_stack.places import FAKE_DATABASE, Twilio, refuse_made_up_database, twilio_of, with_env_file
from scripts.local_stack.running import hold_checkout, hold_database
from scripts.local_stack.supervisor import bound

_STOP_SECONDS = 12.0
# Where `python -m scripts.fake_twilio` listens unless told otherwise.
_FAKE_TWILIO = "http://127.0.0.1:8090"
# With how many threads terraform/functions.tf has the framework serve each entry point.
THREADS_DEPLOYED = {
    "sms_inbound": 40,
    "sms_delivery_status": 40,
    "sms_relay_state": 10,
    "sms_redrive": 10,
    "escalate_tier": 10,
    "sweep": 1,
    "reconcile": 1,
    "tell": 8,
    "relay_events": 20,
    "console": 20,
    "media": 8,
}


def serve(target: str, port: int) -> int:
    """Run functions-framework serving this entry point until Ctrl-C; its exit code.

    Raises ConfigurationError with every mistake in words, StackError for a taken port.
    """
    environ = with_env_file(os.environ, partial(print, file=sys.stderr))
    address = f"http://127.0.0.1:{port}"
    # By what was given: what is made up below lies where made-up relays belong.
    refuse_made_up_database(environ)
    twilio = twilio_of(environ)
    if twilio is Twilio.FAKE:
        known = {variable.name for variable in VARIABLES}
        values = made_up(environ, address)
        values["TWILIO_API_BASE_URL"] = environ.get("TWILIO_API_BASE_URL") or _FAKE_TWILIO
        values["RELAY_DATABASE"] = environ.get("RELAY_DATABASE") or FAKE_DATABASE
        make_folder_of(values["RELAY_DATABASE"])
        given = {name: value for name, value in values.items() if name in known}
        print("No Twilio credentials are configured, so these settings are made up:", file=sys.stderr)
        print("  " + ", ".join(sorted(given)), file=sys.stderr)
        # Another seed every time: an id that was used before is a text that is known already.
        number = (environ | values)["BUSINESS_PHONE_NUMBER"].split(",")[0]
        options = f"--sms-url {address}/sms/inbound --number {number} --seed {values['RELAY_LOCAL_SEED']}"
        print(f"  For a fake Twilio that texts it: {python()} -m scripts.fake_twilio {options}", file=sys.stderr)
        environ |= given
    # What is wrong is said before anything is started.
    wiring.runtime(target, environ)
    bound("127.0.0.1", port).close()
    deployed = str(THREADS_DEPLOYED[target])
    threads = environ["THREADS"] = environ.get("THREADS") or deployed
    where = "as deployed" if threads == deployed else f"{deployed} where it is deployed"
    held = [hold_checkout()]
    database = Path(environ.get("RELAY_DATABASE") or DATABASE_DEFAULT)
    # Where the folder is missing, the function makes it or says that it is misspelt.
    if backend_of(environ) == "embedded" and database.parent.is_dir():
        held.append(hold_database(database, f"{target} at {address}", is_alone=False))
        keep_apart(str(database), twilio)
    print(f"{target} at {address}, every path; Ctrl-C ends it.", file=sys.stderr)
    words = f"  The framework's own server with {threads} threads, {where}; a peer holds one from its first byte on."
    print(words, file=sys.stderr, flush=True)
    return _run_until_told([target, "--host", "127.0.0.1", "--port", str(port)], environ, held)


def _run_until_told(arguments: list[str], environ: Mapping[str, str], held: list[int]) -> int:
    """The server in a session of its own, ended by one signal.

    Ctrl-C would reach gunicorn's worker directly and again through its master, which can leave it waiting for itself.
    """
    command = [sys.executable, "-m", "functions_framework", "--source", str(ROOT / "functions" / "main.py")]
    server = subprocess.Popen([*command, "--target", *arguments], env=environ, pass_fds=held, start_new_session=True)
    try:
        return server.wait()
    except KeyboardInterrupt:

        def kill() -> None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)

        # Told once more, it ends at once.
        with interruption.instead(kill):
            server.terminate()
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                kill()
                server.wait()
        return 0
