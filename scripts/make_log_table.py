"""Writes the tables of log lines in docs/operations.md: what each line means and what to do.

`make docs` runs it; tests fail when the document no longer says what the code logs, or a note has no explanation.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT / "functions") not in sys.path:
    sys.path[:0] = [str(ROOT), str(ROOT / "functions")]

from relay.log import LINES  # noqa: E402 - the path is set above

from scripts.notes_of_operators import NOTES_OF_OPERATORS  # noqa: E402
from scripts.notes_of_telling import NOTES_OF_TELLING  # noqa: E402

PATH = ROOT / "docs" / "operations.md"
# The relay, and what of the local stack writes into the relay's log.
SOURCES = [*(ROOT / "functions").rglob("*.py"), ROOT / "scripts" / "local_stack" / "peers.py"]
BEGIN, END = "<!-- log lines: made by scripts/make_log_table.py -->", "<!-- end of log lines -->"

# `event: note` lines by the beginning of their message: what it means, and what to do.
NOTES: dict[str, tuple[str, str]] = NOTES_OF_OPERATORS | {
    "texts come to a number that BUSINESS_PHONE_NUMBER does not list": (
        "A number of ours is connected to the relay and not in its settings. Texts to it are forwarded; one whose "
        "webhook is lost is not recovered. Said once an hour; `relayctl doctor` names the number.",
        "See “A number that is not listed”.",
    ),
    "a sender's texts could not be counted": (
        "The store did not say what a sender had sent lately. The text is forwarded: the brake holds back in case of "
        "certainty alone.",
        "Nothing. If it lasts: “Nothing moves”.",
    ),
    "store unavailable: asked Twilio to try again": (
        "The store did not take a text in time, for this `reason`. Twilio repeats it; what it gives up on, reconcile "
        "finds.",
        "If it lasts: “Nothing moves”. Check that the number's URL carries its `#rc=5…` part.",
    ),
    "a doubtful webhook was taken at its word": (
        "A webhook's parameters could have been cut otherwise than Twilio cut them, and Twilio could not say. It can "
        "only be this text: it was relayed as the webhook has it.",
        "Nothing if it is rare. If it lasts: may the API key read messages? See “Webhooks are refused”.",
    ),
    "a doubtful webhook could not be asked about": (
        "A webhook could be another text than the one that Twilio signed, and Twilio did not say. It was asked to try "
        "again; what it gives up on, reconcile takes from Twilio's list.",
        "Nothing. If it lasts: “Twilio is down”; may the API key read messages?",
    ),
    "a file of a text could not be had": (
        "A photo, or another file that came with a text, was asked for by its link, and Twilio did not give it; the "
        "reason is beside it. The page or the file says so to the handler.",
        "Nothing if it is rare: a file may be there some seconds later, and is gone once it was deleted at Twilio. If "
        "our credentials are the reason: “Twilio refuses us”.",
    ),
    "a file broke off on its way": (
        "A file that came with a text was being sent to a phone, and ended before its end: at Twilio, at the phone, or "
        "because it took more than a minute.",
        "Nothing: it can be opened again.",
    ),
    "too many files of texts were asked for at once": (
        "More phones than there are threads and places for opened photos at the same time; they were told to come "
        "again in a moment. Texts are not held up.",
        "Nothing. If it lasts, look for a link that went astray (“A link to photos went astray”).",
    ),
    "a handler opted in again": ("A handler texted START: texts to that phone are no longer blocked.", "Nothing."),
    "store unavailable: the caller was asked to try again": (
        "The store did not do what a function or an operator asked for, for this `reason`. Tasks, callbacks and rounds "
        "are repeated; an operator is told to try again.",
        "Nothing if it is rare. If it lasts: “Nothing moves”.",
    ),
    "store unavailable after a person acted": (
        "What a handler or an operator asked for is stored; what follows from it was not done at once.",
        "Nothing: the sweep does it within a minute or two.",
    ),
    "store unavailable after the text was durable": (
        "The text is safe; sending it, or writing down how that went, was cut short. Timers and sweep go on with it.",
        "Nothing. If it lasts: “Nothing moves”.",
    ),
    "words of a file were not had": (
        "A text came as a file, as long ones do, and Twilio did not have the file yet or did not answer in time: "
        "`reason`. The text left with the link to it.",
        "Nothing. If it lasts: “Twilio is down”.",
    ),
    "files of a text were not listed": (
        "Twilio did not say which files came with a text that reconcile found: `reason`. The text left with their "
        "number and the link, and they are asked for again when that is opened.",
        "Nothing. If it lasts: “Twilio is down”.",
    ),
    "receipt not recorded: asked Twilio to try again": (
        "The store did not take a receipt in time, for this `reason`. If it never comes, the true status is asked for "
        "at the deadline.",
        "Nothing. If it lasts: “Nothing moves”; if `reason` is a refusal for good: “A relay was set aside”.",
    ),
    "receipt for an attempt never made": (
        "A status callback names an attempt that the relay does not have.",
        "Nothing if it is rare (a restored backup). Otherwise another program uses the callback URL.",
    ),
    "receipt about another text": (
        "A signed status callback names an attempt and is about another text: by its id, its number or its tier. It "
        "decides nothing; the attempt's own callback, or a look-up at its deadline, does.",
        "Nothing if it is rare. Otherwise another program sends texts with this relay's callback address, or a signed "
        "request is replayed: see `reason`, and rotate the auth token if its origin cannot be found.",
    ),
    "receipt ignored": ("A status callback that changes nothing: doubled, late, or outranked.", "Nothing."),
    "timer of another tier": (
        "A queue called another tier's function. The timer was acted on all the same.",
        "Queues and functions are mixed up: `make plan` shows it, `make deploy` repairs it.",
    ),
    "timer not armed": ("A timer could not be stored. The sweep stands in.", "If it lasts: “Nothing moves”."),
    "timer not cancelled": ("A timer that is not needed any more could not be removed. It is ignored.", "Nothing."),
    "a timer could not be armed": (
        "Cloud Tasks did not take a timer. The sweep stands in, up to a minute later.",
        "If it lasts: look at Google Cloud's status page and at the queue (`gcloud tasks queues describe`).",
    ),
    "a timer could not be cancelled": ("A task that is not needed any more stays. It is ignored.", "Nothing."),
    "a timer was not armed in time": (
        "Cloud Tasks was slow to take a timer. The sweep stands in.",
        "If it lasts: look at Google Cloud's status page.",
    ),
    "no time was left to arm a timer": (
        "The store was so slow that its timer was left to the sweep.",
        "If it lasts: look at Firestore's latency on the dashboard.",
    ),
    "the Cloud Tasks client could not be made": (
        "The client library or its credentials failed at start; it is tried again with the next timer.",
        "Check the function's service account and its role on the queues.",
    ),
    "others could read the database": (
        "The database, which holds customers' texts, or one of its side files could be read or written by other people "
        "of this machine. Only its owner can now, unless `reason` says that this could not be changed.",
        "Ask how that came to be: a copy that was put in place, or a program that changes modes. “Back up and restore” "
        "has how to make copies.",
    ),
    "the disk is nearly full": (
        "The database's disk has less than 1,000 MB left, an ERROR below 100 MB (`free_mb`). Said once an hour. Once "
        "it is full, texts are refused.",
        "Make room: “The disk is full, or fails”.",
    ),
    "the heartbeat was not heard": (
        "The address in HEARTBEAT_URL was called after a good sweep, and did not answer well: `reason`. Told once an "
        "hour, with how often it happened since (`untold`). The relay itself is well.",
        "Is the address right, and can this machine reach it? See “A dead machine is noticed”.",
    ),
    "the index of words was damaged and is made anew": (
        "Searches by words look at each text that is not in it again yet, and find the same; a text enters it with its "
        "next change. No text was refused or lost.",
        "See whether the disk fails (`dmesg`): a sound one damages nothing.",
    ),
    "timers could not be read": (
        "The file with the timers did not answer; it is read again in a moment.",
        "With `database_lost` beside it: “The database is gone”; with `store_fails`: “The disk is full, or fails”. "
        "Otherwise, if it lasts, the disk is very slow: “Nothing moves”. `untold` is how many more there were.",
    ),
    "a timer could not be acted on": (
        "Acting on a timer failed because of a mistake in the code; it comes again.",
        "Report the place that the line names. The relay itself is safe.",
    ),
    "periodic job failed": (
        "A sweep or a reconcile failed because of a mistake in the code; it comes again.",
        "Report the place that the line names.",
    ),
    "a timer's end could not be stored": ("A timer that was done will fire once more, without harm.", "Nothing."),
    "the store refuses what a request is about for good": (
        "A request other than a callback was answered 503, because the record cannot be written any more.",
        "“A relay was set aside”: the sweep sets it aside within a minute, or it has ended and only lacks this word.",
    ),
    "Twilio could not be reached": (
        "The connection was refused: certainly nothing was sent. The text waits; for ten minutes that costs no tier.",
        "If it lasts: “Twilio is down”.",
    ),
    "Twilio's answer to a POST was lost": (
        "A text may or may not have left. What became of it is looked up at its deadline.",
        "If it lasts: “Twilio is down”.",
    ),
    "a text of unknown outcome cannot be told apart": (
        "A POST's answer was lost, and Twilio shows a text to that handler without its words or number (redaction): it "
        "may be that one. It is neither taken for it nor sent again; the next tier gets the text, or the relay ends.",
        "Ask the handler of that tier whether the text arrived. Where it happens often: “Twilio shows no words”.",
    ),
    "our Twilio credentials may not read texts": (
        "Sends may work, and every look-up and every list is refused (`status` 401 or 403), told once an hour: texts "
        "whose webhook is lost are not found, and what became of texts is known by callbacks alone.",
        "Do not wait: “Our key may not read”.",
    ),
    "sweep could not resume a relay": (
        "One relay could not be worked on; the others went on. After five minutes of it, it is set aside.",
        "Look at that relay (`relayctl show`) and report it. Pass its text on by hand.",
    ),
    "sweep": (
        "A run of the sweep: how many relays it resumed, could not resume, found overdue for minutes, set aside, and "
        "removed after 90 days.",
        "Nothing at INFO. At WARNING a timer or a process was lost: if it repeats, look at the queues, or at restarts.",
    ),
    "reconcile": (
        "The comparison with Twilio's own list: what was recovered, adopted, declared not sent and taken over.",
        "Nothing at INFO. `recovered` at WARNING: texts arrive without their webhook, so check the number's URL. "
        "`provider_answered` or `store_answered` false: the round was cut short and the next one makes up for it; if "
        "it lasts: “Twilio is down”, “Our key may not read”, “Nothing moves”.",
    ),
    "a text could not be recovered": (
        "A text found in Twilio's list could not be relayed; reconcile tries it again, and alarms the fifth time.",
        "Nothing yet: if it lasts, `not_taken_in` comes.",
    ),
    "a stored time lay ahead": (
        "A clock that was ahead had set how far reconcile has come; it was pulled back, and all since is compared.",
        "Look at the time service of the machine that was at work then.",
    ),
    "our clock is behind": (
        "Twilio's list shows texts of a time to come: this machine's clock is `seconds` behind, or Twilio's ahead.",
        "Set the clock right, or start the time service. If it is right, a row has a wrong time. Nothing is lost.",
    ),
    "the bookmark of reconcile could not be read": (
        "How far reconcile has come was not readable; it goes on from its last watermark.",
        "A person or another program wrote into the store: put back what was there, or leave it.",
    ),
    "the clock was set": (
        "This machine's clock jumped by `seconds`; what a clock that was ahead had put off goes on.",
        "Nothing if it is rare and a matter of seconds. Otherwise “The clock was wrong”.",
    ),
    "the provider's list does not end": (
        "Twilio's list showed one comparison ever more pages; it was given up, and the next one begins in an hour.",
        "If it lasts: “Twilio is down”.",
    ),
    "a peer was cut off": (
        "The embedded home's server closed a connection, because of what the line says. It is told once a minute, and "
        "`untold` counts the others. Nothing of a text is lost: Twilio sends whole requests, and comes again.",
        "Nothing. If it lasts: “Slow and hostile peers”.",
    ),
    "a peer sent what is no request": (
        "The embedded home's server refused what a peer sent, with `status`; told as above.",
        "Nothing. If texts are missing: does the proxy in front speak HTTP/1.1 to the relay?",
    ),
    "every thread of the server is at work": (
        "More requests came in whole than are worked on at a time: they wait a little.",
        "Nothing if it is rare. If it lasts: does the disk, or Twilio, take long? Are there many open pages?",
    ),
    "the server met something unexpected": (
        "A mistake in the server or in a page of the local stack, with its kind and place. One connection was closed.",
        "Report the place that the line names.",
    ),
    "unexpected": (
        "A mistake in the code, with its kind and place. The caller was answered 500 and comes again.",
        "Report the place that the line names.",
    ),
    **NOTES_OF_TELLING,
}


def tables() -> str:
    """Both tables in Markdown."""
    lines = ["| `event` | severity | what it means | what to do |", "|---|---|---|---|"]
    lines += [f"| `{name}` | {line.severity} | {line.meaning} | {line.what_to_do} |" for name, line in LINES.items()]
    lines += ["", "Lines with `event: note`, by the beginning of their `message`:", ""]
    lines += ["| `message` | what it means | what to do |", "|---|---|---|"]
    lines += [f"| {message} | {meaning} | {do} |" for message, (meaning, do) in sorted(NOTES.items())]
    return "\n".join(lines)


def document(text: str) -> str:
    """The document with its tables made anew. Raises ValueError when their place is not marked."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PATH.name} has lost the marks between which the tables stand")
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def logged_notes() -> Iterator[str]:
    """The beginning of every message that the code hands to a journal's `note` as it stands."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in ("note", "_note", "_note_failure", "cut_off"):
                yield from _words(node.args[:2])


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else str(getattr(function, "attr", ""))


def _words(arguments: list[ast.expr]) -> Iterator[str]:
    severities = {line.severity for line in LINES.values()}
    for argument in arguments:
        first = argument.values[0] if isinstance(argument, ast.JoinedStr) else argument
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value not in severities:
            yield first.value.strip()


def main() -> int:
    PATH.write_text(document(PATH.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
