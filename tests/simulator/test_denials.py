"""An attempt that was declared not sent though Twilio had it is excused where the list skipped its row, only there."""

from __future__ import annotations

import pytest

from tests.simulator.denials import denials
from tests.simulator.faults import Fault
from tests.simulator.kinds import Kind
from tests.simulator.liveness import deadline
from tests.simulator.mutants import MUTANTS
from tests.simulator.promises import what_twilio_had_is_not_denied
from tests.simulator.sim_twilio import TwilioState
from tests.simulator.simulation import Simulation

# A run in which the texts of a handler fill several pages, and one of unknown outcome stands on the last; and one in
# which the list skips such a text, where it skips a row at every page.
_SEED, _SKIPPED_IN = 45673409, 122


def _run(seed: int) -> Simulation:
    run = Simulation.of_seed(seed, kind=Kind.PAGES)
    run.run(deadline(run))
    run.kernel.end()
    return run


def test_a_row_that_was_in_the_list_is_not_excused_by_another_reading_or_another_row() -> None:
    mutant = next(each for each in MUTANTS if each.name == "first page is all")
    with mutant.alive():
        run = _run(_SEED)
    blamed = list(what_twilio_had_is_not_denied(run))
    assert blamed
    assert not run.history.skipped_before
    commits = run.history.commits
    denied = {message_id: list(denials(run, message_id)) for message_id in commits}
    for message_id, its in denied.items():
        sids = frozenset(denial.message.sid for denial in its)
        for number, (at, _) in enumerate(commits[message_id]):
            is_the_one = at in {denial.at for denial in its}
            run.history.skipped_before[message_id, number] = frozenset({"another"}) if is_the_one else sids
    assert list(what_twilio_had_is_not_denied(run)) == blamed
    for message_id, its in denied.items():
        for number in range(len(commits[message_id])):
            run.history.skipped_before[message_id, number] = frozenset(denial.message.sid for denial in its)
    assert not list(what_twilio_had_is_not_denied(run))


def test_a_row_that_the_list_skipped_is_excused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TwilioState, "pages_shift", lambda twilio: True)
    run = Simulation.of_seed(_SKIPPED_IN, kind=Kind.PAGES)
    assert run.plan.wide is not None
    run.plan.wide.odd = "skips"
    # So often that a text's outcome is unknown, and no callback tells of it.
    run.faults._often |= {Fault.SEND_5XX: 15.0, Fault.CALLBACK_LOST: 9.0}
    run.run(deadline(run))
    run.kernel.end()
    skipped = [each for message_id in run.history.commits for each in denials(run, message_id) if each.was_skipped]
    assert skipped
    assert not list(what_twilio_had_is_not_denied(run))
    run.history.skipped_before.clear()
    assert list(what_twilio_had_is_not_denied(run))
