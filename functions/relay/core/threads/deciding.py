"""`decide`: one handler's text, and what is known, to one Verdict. Pure and total: there is an answer to any words.

What a text is taken for is asked in this order: a word of the provider's, a reaction, a code in front, no code. Where
that leaves any doubt about the customer nothing is done and the person is asked.
"""

from __future__ import annotations

from dataclasses import replace

from relay.core.threads import audience, grammar
from relay.core.threads.asking import nothing_to_send, told, unclear
from relay.core.threads.codes import code_in_front, codes_inside, resembling_in_front
from relay.core.threads.doing import Case, do
from relay.core.threads.grammar import Wish
from relay.core.threads.model import Thread
from relay.core.threads.tapbacks import Tapback, ends_in_tapback, tapback_of
from relay.core.threads.verdict import Asked, Facts, HandlerText, Said, Verdict

PROVIDERS_WORD = "a word that the provider acts on, and answers"
SIGN_IN_CODE = "it is only a code that signs in at the console"
_SPEAKS = (Asked.ANSWER, Asked.TAKEOVER)


def decide(text: HandlerText, facts: Facts) -> Verdict:
    """Returns what a handler's text does."""
    if grammar.is_providers(text.body, text.consent):
        return Verdict(Asked.RESERVED, PROVIDERS_WORD)
    if text.is_sign_in_code:
        verdict = unclear(text, Said.SIGN_IN_CODE, SIGN_IN_CODE, words=text.body)
        return replace(verdict, asked=Asked.SIGN_IN_CODE)
    if text.is_unread:
        # What is not known may be another customer's code.
        return unclear(text, Said.UNREAD, "words of it came as a file that could not be read")
    if (tapback := tapback_of(text.body)) is not None:
        return _reaction(text, facts, tapback)
    front = code_in_front(text.body)
    if front is None:
        return _uncoded(text, facts)
    code, words = front
    thread = audience.with_code(code, text, facts)
    if thread is not None:
        return _coded(text, facts, thread, words)
    return _code_of_another(text, facts, code)


def _code_of_another(text: HandlerText, facts: Facts, code: str) -> Verdict:
    """Returns the verdict that says whose the code is; it is about no thread, as the person was not shown that one."""
    holder = audience.holder_of(code, text, facts)
    because = "the person was not shown a customer under this code, or another one has it now"
    verdict = unclear(text, Said.CODE_IS_ANOTHERS, because, *([holder] if holder else []), words=code)
    return replace(verdict, thread=None)


def _reaction(text: HandlerText, facts: Facts, tapback: Tapback) -> Verdict:
    """A reaction claims the thread whose forwarded text it quotes; others take nothing."""
    threads = audience.quoted_by(tapback, text, facts) if tapback.takes else ()
    if len(threads) > 1:
        return unclear(text, Said.WHICH, "the reaction fits texts of several customers", *threads)
    if not threads:
        return unclear(text, Said.REACTION, "the reaction takes nothing, or fits no customer's text")
    return do(Case(text, facts, threads[0], Wish(Asked.CLAIM), is_named=True))


def _coded(text: HandlerText, facts: Facts, thread: Thread, words: str) -> Verdict:
    wish = grammar.wish_of(words, is_coded=True)
    if wish.asked is Asked.LIST:
        return _list(text, facts)
    if wish.asked in _SPEAKS and not wish.is_said:
        if ends_in_tapback(wish.words):
            return unclear(text, Said.REACTION, "a reaction is not passed on", thread)
        if grammar.begins_with_pass(words):
            return unclear(text, Said.PASS_ALONE, "`pass` with more words", thread, words=wish.words)
        known = audience.codes_known_to(text, facts)
        if code_in_front(wish.words) or known.intersection(codes_inside(wish.words, known)):
            return unclear(text, Said.CODE_INSIDE, "a second code stands in it", thread, words=wish.words)
    return do(Case(text, facts, thread, wish, is_named=True))


def _uncoded(text: HandlerText, facts: Facts) -> Verdict:
    wish = grammar.wish_of(text.body, is_coded=False)
    if wish.asked is Asked.LIST:
        return _list(text, facts)
    if wish.asked is Asked.ANSWER and not wish.words and not text.has_files_to_send:
        return nothing_to_send(text)
    likely = audience.candidates(text, facts)
    if wish.asked is not Asked.ANSWER:
        return _for_the_only_one(text, facts, likely, wish)
    if not wish.words:
        # Files alone: no machine sends them, and several in a row are no repetition.
        return _for_the_only_one(text, facts, likely, wish)
    verdict = _doubted(text, facts, likely, wish) or _for_the_only_one(text, facts, likely, wish)
    if verdict.asked is Asked.UNCLEAR and audience.was_asked_about(text, facts):
        # What asks once more may be answered by a machine once more.
        return replace(verdict, asked=Asked.MACHINE, because="the person was asked about these words", notices=())
    return verdict


def _for_the_only_one(text: HandlerText, facts: Facts, likely: tuple[Thread, ...], wish: Wish) -> Verdict:
    if len(likely) == 1:
        return do(Case(text, facts, likely[0], wish, is_named=False))
    if wish.asked is Asked.RESERVED:
        return unclear(text, Said.RESERVED, "a word that the provider acts on", words=wish.words)
    many = "it fits several customers" if likely else "the person was texted about no customer lately"
    if text.is_recovered and wish.asked is Asked.ANSWER:
        return unclear(text, Said.LATE, f"it was found too late, and {many}", *likely, words=wish.words)
    return unclear(text, Said.WHICH, many, *likely)


def _doubted(text: HandlerText, facts: Facts, likely: tuple[Thread, ...], wish: Wish) -> Verdict | None:
    """Returns the question about words without a code that may not be meant for a customer; None without a doubt."""
    only = likely if len(likely) == 1 else ()
    known = audience.codes_known_to(text, facts)
    inside = codes_inside(wish.words, known)
    if known.intersection(inside):
        return unclear(text, Said.CODE_INSIDE, "a code stands in it, and not in front", *only, words=wish.words)
    if wish.is_said:
        return None
    if ends_in_tapback(wish.words):
        return unclear(text, Said.REACTION, "a reaction is not passed on", *only)
    if grammar.begins_with_pass(wish.words):
        return unclear(text, Said.PASS_ALONE, "`pass` with more words", *only, words=wish.words)
    if (word := resembling_in_front(text.body)) is not None:
        return unclear(text, Said.CODE_IS_ANOTHERS, "it begins like a code that is none", words=word)
    if inside:
        return unclear(text, Said.CODE_INSIDE, "a code stands in it, and not in front", *only, words=wish.words)
    if only and audience.came_twice(text, facts):
        return unclear(text, Said.AGAIN, "the same words went a moment ago", *only, words=wish.words)
    if (because := audience.automatic_because(text, facts)) is not None:
        return unclear(text, Said.AUTOMATIC, because, *only, words=wish.words)
    return None


def _list(text: HandlerText, facts: Facts) -> Verdict:
    """Returns the verdict that lists the person's open threads, then those without an owner shown lately."""
    own = [each for each in facts.threads if each.owner == text.person]
    free = [each for each in audience.candidates(text, facts) if each.owner is None]
    listed = [each for each in (*own, *free) if each.is_open(text.at)]
    return Verdict(Asked.LIST, "the person's open threads", notices=(told(text, Said.LIST, *listed),))
