"""One plan: made, shown, asked about once, and applied as it was shown; what Google refuses for a while is tried again.

A saved plan can be applied once. So what is left after a failure is planned anew, and only goes on where all of it was
part of the plan that a person saw.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.deployment.refusals import explained, is_crowded, is_lost_update, plain
from scripts.deployment.terraform import Terraform
from scripts.deployment.tools import Problem

Changes = Mapping[str, tuple[str, ...]]

TRIES = 3
WAIT_SECONDS = 60.0
# Instances that a deployment started stay for up to a quarter of an hour.
CROWDED_WAIT_SECONDS = 300.0

# What is refused in a project's first minutes and accepted later: services, service agents, rights and metrics that are
# not known everywhere yet. Words of Google's own errors, as reported to the provider's and Google's issue trackers.
_PASSING = re.compile(
    r"has not been used in project .* before or it is disabled"
    r"|SERVICE_DISABLED"
    r"|Permission denied while using the Eventarc Service Agent"
    r"|Invalid resource state for .*: Permission denied"
    r"|Unable to retrieve the repository metadata"
    r"|service agent is missing the required permissions"
    r"|Service Agent \S* ?(does not have|must have) permission"
    r"|[Ss]ervice account \S+ (does not exist|was not found)"
    r"|Role \S+ does not exist in the resource's hierarchy"
    r"|Permission denied on secret"
    r"|storage\.objects\.get"
    r"|Access to bucket \S+ denied"
    r"|Could not build the function due to (a )?missing permission"
    r"|Cannot find metric that matches type"
    r"|The metric referenced by the provided filter is unknown"
    r"|too much contention on these datastore entities"
    r"|Quota exceeded for quota metric '[^']*' and limit '[^']*per minute"
    r"|it may take a few minutes",
    re.DOTALL,
)
_UNCHANGED = (["no-op"], ["read"])


@dataclass(frozen=True)
class Planning:
    """How to plan: by this program, for this project, with these arguments. `wait` sleeps for some seconds."""

    program: Terraform
    folder: Path
    project: str
    arguments: Sequence[str]
    wait: Callable[[float], None] = field(default=time.sleep)

    def carried_out(self, *, ask: bool) -> bool:
        """Plan, show, ask unless told not to, and apply. Returns whether there was anything to do.

        Raises Problem when the answer is not yes, and when what was agreed to cannot be done.
        """
        with tempfile.TemporaryDirectory() as private:  # a plan holds phone numbers and addresses
            plan = Path(private) / "plan"
            if not self._planned(plan, seen=True):
                return False
            agreed = self._changes(plan)
            if ask:
                self._agreed_to(len(agreed))
            self._apply(plan, agreed)
        return True

    def shown(self) -> None:
        """Show what would change, and keep no plan of it. Raises Problem."""
        self._planned(None, seen=True)

    def _planned(self, plan: Path | None, *, seen: bool) -> bool:
        """Make the plan and keep it in this file, if any. Returns whether what is kept changes anything."""
        kept = ("-detailed-exitcode", f"-out={plan}") if plan else ()
        done = self.program.run(self.folder, "plan", "-input=false", *kept, *self.arguments, capture=not seen)
        sys.stderr.write(done.stderr)
        if done.returncode not in (0, 2):
            raise Problem("terraform plan did not succeed; what it said is above.")
        return done.returncode == 2

    def _changes(self, plan: Path) -> Changes:
        """What the plan does, by address. Raises Problem."""
        done = self.program.run(self.folder, "show", "-json", "-no-color", str(plan))
        if done.returncode:
            raise Problem(f"The plan cannot be read: {' '.join(done.stderr.split())}.")
        planned = json.loads(done.stdout).get("resource_changes", [])
        every = {change["address"]: change["change"]["actions"] for change in planned}
        return {address: tuple(actions) for address, actions in every.items() if actions not in _UNCHANGED}

    def _agreed_to(self, count: int) -> None:
        print(f"\nDo exactly this in {self.project}, {count} resources? Only yes is taken for it: ", end="", flush=True)
        if sys.stdin.readline().strip() != "yes":
            raise Problem("Nothing was changed: the answer was not yes (YES=1 does not ask).")

    def _apply(self, plan: Path, agreed: Changes) -> None:
        for tries_left in reversed(range(TRIES)):
            done = self.program.run(self.folder, "apply", "-input=false", str(plan), capture=False)
            sys.stderr.write(done.stderr)
            if not done.returncode:
                return
            pause = _pause(done.stderr)
            if not tries_left or not pause:
                words = "terraform apply did not succeed; what it said is above. The same again goes on there."
                raise Problem(" ".join([words, *explained(done.stderr)]))
            print(f"Google does not take all of this yet: again in {pause:.0f} seconds.", flush=True)
            self.wait(pause)
            if not self._planned(plan, seen=False):
                return
            left = self._changes(plan)
            if others := sorted(address for address in left if not _in(agreed, address, left[address])):
                raise Problem(f"What is left was not shown before ({', '.join(others[:3])}): do it again to see it.")


def _pause(said: str) -> float:
    """Returns for how long to wait before the rest is tried again; 0 where waiting mends nothing."""
    if is_lost_update(said):  # the rest would be without it
        return 0
    if is_crowded(said):
        return CROWDED_WAIT_SECONDS
    return WAIT_SECONDS if _PASSING.search(plain(said)) else 0


def _in(agreed: Changes, address: str, actions: tuple[str, ...]) -> bool:
    """Whether this was agreed to. What was to be made and was half made is made anew."""
    return agreed.get(address) in (actions, ("create",))
