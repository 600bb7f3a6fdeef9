"""LINES says of each kind of log line what it means and what to do, and nothing else borrows its words.

docs/operations.md is made from it, alerts repeat it, and log-based metrics use exactly these names. What a relay's
steps are called on pages is in operators/trail.py, for readers who have that relay before them.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.model import Step


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of log line: its severity, what it means, and what to do."""

    severity: str
    meaning: str
    what_to_do: str


_NOTHING = "Nothing."

# A line's name (jsonPayload.event) → what it means. The steps of the audit trail first, then the lines that belong to
# no relay's trail.
LINES: dict[str, Line] = {
    Step.RECEIVED: Line("INFO", "A text came in and is durable.", _NOTHING),
    Step.RECOVERED: Line(
        "WARNING",
        "A text whose webhook never arrived was found in Twilio's list and is relayed after all.",
        "Check that the number's webhook URL is set and reachable.",
    ),
    Step.RECORDED: Line("INFO", "A text from a handler or from ourselves was kept and not forwarded.", _NOTHING),
    Step.HELD: Line("WARNING", "A text was kept and held back: its sender sends too many.", "See `sender_held_back`."),
    Step.ATTEMPT_SCHEDULED: Line("INFO", "Another try at the same tier is planned.", _NOTHING),
    Step.ATTEMPT_STARTED: Line("INFO", "A try is being sent.", _NOTHING),
    Step.ATTEMPT_ACCEPTED: Line("INFO", "Twilio has the text; the receipt is awaited.", _NOTHING),
    Step.ATTEMPT_UNKNOWN: Line(
        "WARNING",
        "Twilio's answer was lost: the text may or may not have left.",
        "Nothing: it is looked up before anything else is done.",
    ),
    Step.ATTEMPT_FAILED: Line("WARNING", "A try was refused or not delivered.", "See the code's own advice."),
    Step.ATTEMPT_UNCONFIRMED: Line("WARNING", "No delivery was confirmed in time.", _NOTHING),
    Step.ATTEMPT_WITHDRAWN: Line("INFO", "A planned try was not needed any more.", _NOTHING),
    Step.LOOKUP_REPEATED: Line(
        "WARNING", "The fate of a try could not be settled yet; it is asked again.", "Check Twilio's status page."
    ),
    Step.OUTAGE_BEGAN: Line(
        "WARNING",
        "Twilio cannot be reached, or refuses us at every tier alike: the text waits and uses up no tier.",
        "See “Texts wait for Twilio”.",
    ),
    Step.STILL_QUEUED: Line(
        "INFO",
        "Twilio still has the text queued: it is waited for, because the next one would queue behind it.",
        _NOTHING,
    ),
    Step.ESCALATED: Line("WARNING", "The relay goes on to the next tier.", _NOTHING),
    Step.DELIVERED: Line("INFO", "A handler has the text.", _NOTHING),
    Step.LATE_STATUS: Line("INFO", "Twilio reported on a try that no longer decides anything.", _NOTHING),
    Step.EXHAUSTED: Line(
        "ERROR",
        "No tier is left: none was reached, or no person took the text in time.",
        "Call the customer; then redrive the relay.",
    ),
    Step.ALARM_RAISED: Line("INFO", "The alarm about a relay is on record.", _NOTHING),
    Step.REDRIVEN: Line("NOTICE", "An operator started an exhausted or held relay again.", _NOTHING),
    Step.SAID_MORE: Line(
        "WARNING", "A text came in again and says more than was on record: it is forwarded.", _NOTHING
    ),
    Step.TIMES_CORRECTED: Line(
        "WARNING",
        "A clock that was wrong had planned a relay's next step; the relay goes on now.",
        "Look at the clock of the machine that was at work then (its time service).",
    ),
    Step.CLAIM_AWAITED: Line("INFO", "A handler has the text, and a person has a while to take it.", _NOTHING),
    Step.CLAIMED: Line("INFO", "A person took the text.", _NOTHING),
    Step.PASSED: Line("INFO", "A handler passed the text on.", _NOTHING),
    Step.RELEASED: Line("NOTICE", "An operator took back that a person has the text.", _NOTHING),
    Step.RETURNED: Line("WARNING", "An answer or a notice was not sent; `reason` says why.", _NOTHING),
    Step.LINK_REVOKED: Line("NOTICE", "An operator took back the link to a text's files.", _NOTHING),
    Step.HANDLED: Line("NOTICE", "An operator saw to a text that waited for a person.", _NOTHING),
    Step.UNHANDLED: Line("NOTICE", "An operator put back a text that had been seen to: it waits again.", _NOTHING),
    "alarm": Line(
        "CRITICAL",
        "No handler of this relay was reached, or none of those who got it took it.",
        "Call the customer; then redrive the relay. `relayctl show` says which it is.",
    ),
    "sender_held_back": Line(
        "ERROR",
        "A sender sends too many texts, or the same words again and again: further ones are kept and not forwarded.",
        "Look at them and send them on, or have the robot stopped; see “A sender is held back”.",
    ),
    "handlers_number_is_ours": Line(
        "ERROR",
        "A customer's text came to a number of ours that is a tier's number too: it was kept and goes to no handler.",
        "Give that tier a phone that is not connected to the relay; see “A tier's number is ours”.",
    ),
    "answer_lost": Line(
        "CRITICAL",
        "The customer of the thread `thread` did not get an answer, and no handler could be told so.",
        "Call the customer; see “An answer did not reach its customer”.",
    ),
    "codes_used_up": Line(
        "ERROR",
        "No code is free for a customer's thread: its texts are forwarded without one and cannot be answered by text.",
        "Close threads that are done; see “The codes are used up”.",
    ),
    "handler_opted_out": Line(
        "ERROR", "A handler texted STOP; Twilio now blocks texts to that phone.", "Have the handler text START."
    ),
    "outage": Line(
        "ERROR",
        "Texts wait for Twilio, which cannot be reached or refuses us at every tier alike; no tier is used up yet.",
        "See “Texts wait for Twilio”: after ten minutes the tiers' own schedules decide.",
    ),
    "outage_over": Line(
        "NOTICE",
        "Twilio takes texts again; `relays` is in how many texts people were waiting for it.",
        "See in `relayctl failed` whether any text was exhausted meanwhile, and redrive it.",
    ),
    "sender_or_account_error": Line(
        "ERROR",
        "Twilio refused us, not the handler: the next tier will fail too.",
        "Check credentials, account, number registration and limits in the Twilio console.",
    ),
    "sender_error_here": Line(
        "ERROR",
        "Twilio refused us for this handler, country or carrier; the text went on to the next tier.",
        "Is it a trial account, which only texts verified numbers? See the permitted countries and carrier limits too.",
    ),
    "setting_error": Line(
        "ERROR",
        "Twilio refused a text because of one of our own settings, which `reason` names.",
        "Correct that setting and start the relay again; then redrive what was exhausted.",
    ),
    "refused_for_unknown_reason": Line(
        "ERROR",
        "Twilio refuses us with a code that this relay does not know; the text went on to the next tier.",
        "Look the code up in Twilio's list of errors (`error_code`) and put right what it names.",
    ),
    "database_lost": Line(
        "ERROR",
        "The database was removed or replaced under the running relay: texts are refused (503) until it is back.",
        "See “The database is gone”.",
    ),
    "store_fails": Line(
        "CRITICAL",
        "The database cannot be used, for the cause that `reason` names: texts are refused (503) until that is mended.",
        "As `advice` says; see “The disk is full, or fails”.",
    ),
    "store_works_again": Line("NOTICE", "The database can be written again: texts are taken.", _NOTHING),
    "clock_set": Line(
        "ERROR",
        "This machine's clock was set by `seconds` while the relay ran. What `moved` relays wait for goes on as if it "
        "had not been; times of before are shown as they were.",
        "Is it right now? See to the machine's time service; “The clock was wrong”.",
    ),
    "left_to_newer": Line(
        "CRITICAL",
        "A newer revision wrote this record in a way that this one does not understand; its text waits for that one.",
        "Deploy the newer revision again; if that cannot be soon, read the record and call the customer.",
    ),
    "set_aside": Line(
        "CRITICAL",
        "A relay cannot go on by itself and is set aside: its text waits for a person.",
        "Call the customer; see “A relay was set aside”.",
    ),
    "webhook_refused": Line(
        "WARNING",
        "A request to a webhook was refused; if it was Twilio's, a text or a receipt was refused.",
        "See “Webhooks are refused”.",
    ),
    "not_taken_in": Line("CRITICAL", "A text in Twilio's list cannot be relayed.", "See “A text was not taken in”."),
    "log_lines_dropped": Line(
        "WARNING",
        "What reads the log did not keep up, or the disk was full: `count` lines before this one are missing.",
        "See to what reads the log, and to the disk. What happened is in the records: `relayctl show`.",
    ),
    "note": Line("INFO", "Anything else; its message says what.", "As the message says."),
}

# Of an answer to a customer and a notice to a handler some steps mean something else.
OUTWARD: dict[str, Line] = {
    Step.DELIVERED: Line("INFO", "An answer or a notice was sent.", _NOTHING),
    Step.EXHAUSTED: Line("WARNING", "An answer or a notice did not arrive.", "If it matters, `answer_lost` follows."),
}
