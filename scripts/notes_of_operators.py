"""What the log lines about operators mean, for scripts/make_log_table.py: their acts, and how they signed in."""

from __future__ import annotations

# `event: note` lines by the beginning of their message: what it means, and what to do.
NOTES_OF_OPERATORS: dict[str, tuple[str, str]] = {
    "redrive of what is held of a number asked for": (
        "An operator asked for all that is held back of one number to be sent on: `caller` is who.",
        "Nothing.",
    ),
    "redrive asked for": ("An operator asked for a redrive: `caller` is who, `status` the answer.", "Nothing."),
    "handling asked for": ("An operator said that texts were seen to, or that they wait after all.", "Nothing."),
    "revoking a link asked for": (
        "An operator asked for the link to a text's files to be revoked: `caller` is who, `status` the answer.",
        "Nothing.",
    ),
    "act on a thread asked for": (
        "An operator gave a thread to a person, released or blocked it, or answered: `act` is which, `caller` who, "
        "`status` the answer.",
        "Nothing.",
    ),
    "a record of an operator cannot be read": (
        "A person or another program wrote into what is kept of operators. The record counts as none: a session is "
        "signed in anew, a count begins anew. `kind` and `key` name it.",
        "Nothing if it is one; more of them: who writes into the store?",
    ),
    "an operator signed in": (
        "`operator` is who, `by` how: by a code that went by text or e-mail, or by a link.",
        "Nothing. If it was not that person: “An operator's phone or session was stolen”.",
    ),
    "an operator signed out": ("`operator` is who, `everywhere` whether of every browser and wall.", "Nothing."),
    "an operator was signed out everywhere": (
        "`caller` ended all sessions, walls and links in `operator`'s name, by `relayctl signout`.",
        "Nothing. It is what is done when a phone or a session was stolen.",
    ),
    "a code was sent to an operator": (
        "A browser asked for a code with `operator`'s number or e-mail address, and it is on its way by `channel`.",
        "Nothing. Where an operator gets codes unasked, a stranger knows the number: there are three an hour at most, "
        "and none is of use without the browser that asked.",
    ),
    "a wrong code was entered": (
        "A code of `operator`'s was guessed wrong, in the browser that had asked for it.",
        "Nothing if it is rare. Ten a day are the most, for all browsers together that never signed in before.",
    ),
    "no more codes for an operator for now": (
        "More than three codes an hour were asked for, for one number or address of `operator`'s, by browsers that "
        "never signed in before: no further one leaves. Told once a minute; `untold` is how many more there were.",
        "If it lasts, a stranger knows the number: “A stranger keeps asking for codes”.",
    ),
    "no more guesses for an operator for now": (
        "More than ten codes of `operator`'s were guessed wrong within a day: no further guess counts, on browsers "
        "that never signed in before. Told once a minute; `untold` is how many more there were.",
        "“A stranger keeps asking for codes”.",
    ),
    "a link was made": (
        "`kind` is `sign_in` (once, for ten minutes) or `wall` (to look only, for a year), `operator` for whom, "
        "`caller` by whom. The link is in no line.",
        "Nothing.",
    ),
    "a link was revoked": ("`caller` took a link back; a wall that was opened by it is dark.", "Nothing."),
}
