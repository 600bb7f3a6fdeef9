"""Mutants that put back what the wider world found: each is the code as it was before its mend."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from relay.core import attempts, clocks, fuller
from relay.core.events import EventKind, State
from relay.core.people import People
from relay.errors import StoreUnavailable
from relay.flow import bookmark, brake, lookup, matching, receipts, sweep, taking_in
from relay.twilio import codes, forms, messenger, rows

from tests.simulator import sim_store
from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher


def _known_is_known(patch: Patcher) -> None:
    """A text whose id is stored is a repetition, whatever it says."""
    patch.put(fuller, "says_more", lambda relay, text: False)


def _null_row_hides_the_list(patch: Patcher) -> None:
    real = rows.received_message

    def received_message(message: Any) -> Any:
        if message.date_created is None:
            raise ValueError("not a time")
        return real(message)

    patch.put(messenger, "received_message", received_message)


def _null_row_is_a_text(patch: Patcher) -> None:
    real = rows.received_message
    patch.put(messenger, "received_message", lambda message: replace(real(message), unusable_because=""))


def _one_silence_is_all(patch: Patcher) -> None:
    """One text that Twilio cannot show ends the run for all others."""
    patch.put(lookup, "SILENT_AFTER", 1)


def _refusals_are_retried(patch: Patcher) -> None:
    """A code from outside the table counts as passing, an answer's like a receipt's."""
    patch.put(codes, "refusal_of", lambda status, code: codes.failure_of(code or status))


def _any_answer_is_believed(patch: Patcher) -> None:
    patch.put(messenger, "is_about", lambda message, text: True)


def _one_spelling_is_one_person(patch: Patcher) -> None:
    def with_number(people: People, number: str) -> Any:
        return next((person for person in people.handlers if number in person.numbers), None)

    patch.put(People, "with_number", with_number)


def _refused_is_unavailable(patch: Patcher) -> None:
    """What the store refuses for good counts as a store that is out of order."""
    patch.put(sim_store, "StoreRefused", lambda message_id, reason: StoreUnavailable(reason))


def _set_aside_in_silence(patch: Patcher) -> None:
    """The sweep counts what cannot go on, and tells nobody."""

    def set_aside(run: Any, message_id: str, version: object, because: str) -> None:
        run.failed += 1

    patch.put(sweep.Run, "put_aside", set_aside)


def _unreadable_stops_the_sweep(patch: Patcher) -> None:
    """A document that cannot be read ends the run before all others."""

    def as_read(store: Any, stored: Any) -> Any:
        if store._state.cannot_be_read(stored.message_id):
            raise ValueError("not a relay")
        return stored

    patch.put(sim_store.ProcessStore, "_as_read", as_read)


def _no_brake(patch: Patcher) -> None:
    patch.put(brake, "SAME_WORDS_MAX", 1000)


def _hidden_is_not_there(patch: Patcher) -> None:
    """A text whose words Twilio does not show is none that was looked for."""
    real = matching.may_be
    patch.put(matching, "may_be", lambda text, attempt, digest: bool(text.body) and real(text, attempt, digest))


def _any_receipt_is_believed(patch: Patcher) -> None:
    patch.put(receipts, "about_another", lambda relay, attempt, receipt, tier, to: "")


def _a_refusal_to_tell_is_silence(patch: Patcher) -> None:
    """That our key may not read counts as an outage, which passes."""
    patch.put(messenger, "MAY_NOT", {})


def _opt_out_types_are_not_read(patch: Patcher) -> None:
    patch.put(forms, "CONSENTS", {})


def _success_is_final(patch: Patcher) -> None:
    """What ended as delivered stays so, whatever is told of it later."""
    patch.answer((State.DELIVERED,), (EventKind.RECEIPT_FAILED,), "ignored by a mutant")


def _refused_stays_refused(patch: Patcher) -> None:
    """A callback about a refused text withdraws nothing."""
    kinds = (EventKind.RECEIPT_PROGRESS, EventKind.RECEIPT_HANDED_OVER)
    patch.answer((State.EARLIER,), kinds, lambda relay, event, now: attempts.learn(relay, event, now))


def _never_looks_far_back(patch: Patcher) -> None:
    patch.put(bookmark.Bookmark, "is_deep_due", lambda kept, now, every: False)


def _arriving_is_there(patch: Patcher) -> None:
    """A row that is still coming in is taken as it is, and not looked at again."""
    patch.put(taking_in, "ARRIVING", timedelta(0))
    patch.put(fuller, "says_more", lambda relay, text: False)


def _wrong_times_stay(patch: Patcher) -> None:
    """What a clock wrote that was days off is believed for ever."""
    patch.put(clocks, "are_off", lambda relay, now: False)
    patch.put(taking_in, "mind_the_clocks", lambda *told: None)


WIDER_WORLD = (
    Mutant("never looks far back", "Only a list's newest page counts.", _never_looks_far_back, kind=Kind.LIST_BEHIND),
    Mutant("arriving is there", "A row that is not whole is relayed as is.", _arriving_is_there, kind=Kind.NOT_WHOLE),
    Mutant("wrong times stay", "A clock's errors outlive it.", _wrong_times_stay, kind=Kind.CLOCKS_DAYS_OFF),
    Mutant("sent is final", "A failure after `sent` is ignored.", _success_is_final, kind=Kind.FAILED_AFTER_SENT),
    Mutant(
        "delivered is the last word",
        "A failure after `delivered` is not even in the trail.",
        _success_is_final,
        kind=Kind.FAILED_AFTER_DELIVERED,
    ),
    Mutant(
        "refused stays refused",
        "A refused text that exists is sent again.",
        _refused_stays_refused,
        kind=Kind.REFUSED_YET_TAKEN,
    ),
    Mutant(
        "a refusal to tell is silence",
        "A key that may not read is waited for.",
        _a_refusal_to_tell_is_silence,
        kind=Kind.MAY_NOT_READ,
    ),
    Mutant(
        "opt-out types are not read",
        "An opt-out in another language goes unnoticed.",
        _opt_out_types_are_not_read,
        kind=Kind.OPT_OUT_TYPES,
    ),
    Mutant(
        "hidden is not there",
        "A redacted text is declared not sent, and sent again.",
        _hidden_is_not_there,
        kind=Kind.BODIES,
    ),
    Mutant(
        "any receipt is believed",
        "A receipt about another text decides.",
        _any_receipt_is_believed,
        kind=Kind.RECEIPTS_OF_OTHERS,
    ),
    Mutant("no brake", "Two robots may answer each other for ever.", _no_brake, kind=Kind.FLOOD),
    Mutant(
        "refused is unavailable",
        "A write that is refused for good is tried again for ever.",
        _refused_is_unavailable,
        kind=Kind.WRITES_REFUSED,
    ),
    Mutant(
        "set aside in silence",
        "What cannot go on is left where it is, and nobody is told.",
        _set_aside_in_silence,
        kind=Kind.WRITES_REFUSED,
    ),
    Mutant(
        "unreadable stops the sweep",
        "A document that cannot be read keeps all others waiting.",
        _unreadable_stops_the_sweep,
        kind=Kind.UNREADABLE,
    ),
    Mutant(
        "known is known",
        "A webhook that says more than the list did is a repetition.",
        _known_is_known,
        kind=Kind.FULLER_WEBHOOK,
    ),
    Mutant(
        "null row hides the list",
        "A row without a time makes the whole list unreadable.",
        _null_row_hides_the_list,
        kind=Kind.NULL_ROWS,
    ),
    Mutant("null row is a text", "A row without sender or id is relayed.", _null_row_is_a_text, kind=Kind.NULL_ROWS),
    Mutant(
        "one silence is all",
        "One text that Twilio cannot show keeps all others waiting.",
        _one_silence_is_all,
        kind=Kind.BROKEN_FETCH,
        first_seed=208,
    ),
    Mutant(
        "refusals are retried",
        "What Twilio refuses with an unknown code is asked for again.",
        _refusals_are_retried,
        kind=Kind.CODES_ANSWERED,
    ),
    Mutant(
        "any answer is believed",
        "An answer about another text is taken for this one's.",
        _any_answer_is_believed,
        kind=Kind.ANSWERS_OF_OTHERS,
    ),
    Mutant(
        "one spelling is one person",
        "A handler who is shown in another spelling is a customer.",
        _one_spelling_is_one_person,
        kind=Kind.SPELLINGS,
    ),
)
