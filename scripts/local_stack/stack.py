"""`run` and `demo`: the stack with its terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from relay import homes, wiring
from relay.core.model import FinalStatus
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.errors import StoreUnavailable
from relay.ports import RelayStore
from relay.settings.variables import VARIABLES
from rich.console import Console

from scripts.local_stack import interruption, scenario
from scripts.local_stack.client import StackClient
from scripts.local_stack.environment import Plan
from scripts.local_stack.places import LOGS, Twilio, twilio_of, with_env_file
from scripts.local_stack.running import StackError
from scripts.local_stack.screen import Follower, Screen
from scripts.local_stack.supervisor import Supervisor
from scripts.local_stack.tidings import Tidings
from scripts.local_stack.unhurried import unhurried

# While something is under way the terminal looks this often, otherwise rarely.
_LOOK_SECONDS, _IDLE_SECONDS = 0.2, 1.0
# A busy machine takes its time.
_SPARE_SECONDS = 60.0


class Played(NamedTuple):
    """The scenario's text, by its id, and the answer as the customer's phone shows it; "" with replies off."""

    message_id: str
    answer: str


def run(backend: str, port: int) -> int:
    """Start everything, play the opening scenario, show what happens until Ctrl-C."""
    environ = with_env_file(os.environ, partial(print, file=sys.stderr))
    console = Console(highlight=False, file=unhurried(sys.stdout))
    with Supervisor(environ, backend, port, log=_log_of(environ)) as supervisor:
        plan = supervisor.plan
        screen = Screen(console, shows_words=plan.twilio is Twilio.FAKE)
        screen.header(plan, supervisor.log)
        follower = Follower(_store(plan), screen)
        if follower.continued:
            screen.say(f"\n{follower.continued} text(s) from before are still under way; they go on.")
        try:
            if plan.twilio is Twilio.FAKE:
                _play(plan, screen, follower, supervisor)
                screen.say(f"\nUp until Ctrl-C. Open {plan.address}/ and text as the customer.", "bold")
            else:
                screen.say(f"\nUp until Ctrl-C. Text your number to see it here, {_from_which_phone(plan)}.", "bold")
            _follow(follower, supervisor, Tidings(StackClient(plan.address), screen))
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):  # the terminal may be gone
                screen.say(f"\n{_last_words(supervisor)}")
    return 0


def _from_which_phone(plan: Plan) -> str:
    """Returns how a person who is a handler, too, tries the relay out."""
    if plan.settings().replies:
        return "from a handler's own phone with the word test in front"
    return "from a phone that is no handler's: a handler's text is kept and goes nowhere"


def _last_words(supervisor: Supervisor) -> str:
    if supervisor.is_forgetful:
        return "Stopping. The emulators forget every text now; those that are under way do not go on."
    kept = "in the emulators that run already, as long as they do" if supervisor.plan.backend == "google" else "on disk"
    return f"Stopping. Texts that are under way are stored ({kept}) and go on at the next start."


def demo(backend: str) -> int:
    """Play the scenario on an empty database; 0 only if the last tier delivered and the customer has its answer."""
    known = {variable.name for variable in VARIABLES}
    # Whatever is configured here, a demonstration texts no real phone.
    environ = {name: value for name, value in os.environ.items() if name not in known}
    console = Console(highlight=False)
    with (
        tempfile.TemporaryDirectory(prefix="relay-demo-") as folder,
        Supervisor(environ, backend, 0, str(Path(folder, "demo.db")), Path(folder, "demo.log")) as supervisor,
    ):
        plan = supervisor.plan
        screen = Screen(console, shows_words=True)
        played = _play(plan, screen, Follower(_store(plan), screen), supervisor)
        document = StackClient(plan.address).relay(played.message_id)
        screen.say("\nThe record:")
        screen.document(document)
    last_tier = len(document["policy"]["tiers"])
    ended = document["final_status"] in (FinalStatus.DELIVERED, FinalStatus.CLAIMED)
    if not ended or document["delivered_tier"] != last_tier:
        screen.say(f"Tier {last_tier} did not deliver: that is a mistake in the relay.", "bold red")
        return 1
    screen.say(f"Tier {last_tier} delivered.", "bold green")
    if not played.answer or document["final_status"] != FinalStatus.CLAIMED:
        screen.say("The customer did not get its handler's answer: that is a mistake in the relay.", "bold red")
        return 1
    screen.say("The customer has its handler's answer.", "bold green")
    return 0


def _play(plan: Plan, screen: Screen, follower: Follower, supervisor: Supervisor) -> Played:
    """The scenario, shown until the text's relay has ended and its answer has arrived."""
    settings, client = plan.settings(), StackClient(plan.address)
    policy = settings.policy
    if policy is None:
        raise StackError("There are no tiers to play the scenario with.")

    def show_until(holds: Callable[[], bool], seconds: float, complaint: str) -> None:
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            interruption.check()
            supervisor.check()
            _look(follower)
            if holds():
                return
            time.sleep(_LOOK_SECONDS)
        raise StackError(f"{complaint} within {seconds:.0f} s.")

    try:
        played = scenario.play(client, settings.business_phones[0], policy, scenario.customer_in(_store(plan)))
        screen.say(f"\nA customer texts the business, with a photo: {played.announcement}")
        patience = sum(tier.window_seconds for tier in policy.tiers) + _SPARE_SECONDS
        # Where the last tier asks for a claim, the relay goes on until the answer claims it.
        show_until(lambda: follower.is_with(played.message_id, policy.last_tier), patience, "The text did not arrive")
        read = scenario.forwarded(client, policy)
        texted = scenario.answer(client, settings.business_phones[0], policy, read)
        if texted:
            screen.say(f"\n{policy.tiers[-1].name} reads: “{read}”, and answers: “{texted}”")
            show_until(
                lambda: bool(scenario.arrived(client, played.customer)), _SPARE_SECONDS, "The answer did not arrive"
            )
        show_until(lambda: follower.has_ended(played.message_id), _SPARE_SECONDS, "The text did not come to an end")
        if answer := scenario.arrived(client, played.customer):
            screen.say(f"\nThe customer's phone shows: “{answer}”")
    except OSError as error:
        raise StackError(f"The fake Twilio does not answer: {error}.") from error
    return Played(played.message_id, answer)


def _follow(follower: Follower, supervisor: Supervisor, tidings: Tidings) -> None:
    while True:
        interruption.check()
        supervisor.check()
        tidings.look()
        time.sleep(_LOOK_SECONDS if _look(follower) else _IDLE_SECONDS)


def _look(follower: Follower) -> bool:
    """Show what is new; whether there is reason to look again soon."""
    try:
        return follower.look()
    except StoreUnavailable:
        return True


def _store(plan: Plan) -> RelayStore:
    """The terminal's own look into the store."""
    if plan.backend == "google":
        return wiring.runtime("sms_relay_state", plan.environ).store
    return SqliteStore(Database(plan.environ["RELAY_DATABASE"]), homes.SystemClock())


def _log_of(environ: dict[str, str]) -> Path | None:
    given = environ.get("RELAY_LOCAL_LOG") or LOGS[twilio_of(environ)]
    return None if given == "-" else Path(given)
