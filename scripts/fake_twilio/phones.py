"""The vocabulary of stories: phones that text, expect texts, and have carriers that misbehave.

    handler.carrier.refuse(30006)
    customer.texts("the boiler is leaking")
    backup.expect_text(containing="boiler", within_seconds=10)
    handler.expect_nothing_more(for_seconds=0.5)

Every text that was expected is used up: the next expectation is about the texts after it, and
`expect_nothing_more` about all that was not expected. Waiting ends as soon as the answer is known. A failed
expectation is an AssertionError that shows the phone's texts by sid and status, not their words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from scripts.fake_twilio import behaviour as b
from scripts.fake_twilio.auto_replies import DRIVING, USUAL_SECONDS
from scripts.fake_twilio.faults.fates import Waiting
from scripts.fake_twilio.faults.texts import InboundFaults
from scripts.fake_twilio.media import File
from scripts.fake_twilio.message import Message
from scripts.fake_twilio.receiving import InboundText
from scripts.fake_twilio.state import AutoReply, PostAttempt
from scripts.fake_twilio.tapbacks import Reaction

if TYPE_CHECKING:
    from scripts.fake_twilio.model import FakeTwilio

# Generous: on a slow machine a wait that succeeds costs nothing, one that is too short is a false alarm.
PATIENCE_SECONDS = 180.0
# Of a phone's texts and sends, the latest that a failed expectation shows.
_SHOWN_MAX = 10


class Carrier:
    """What happens to messages for one phone, from the next one on.

    Each verb sets the usual behaviour; with `times=n` it only holds for the next n messages, after those that
    were already arranged this way.
    """

    def __init__(self, fake: FakeTwilio, number: str) -> None:
        self._fake = fake
        self._number = number

    def does(self, behaviour: b.Chooser, times: int | None = None, containing: str = "") -> None:
        """Any behaviour, also one with faulty callbacks or a `Mixture`. `times` None: from now on.

        With `times` it may be for the next messages that contain these words, whatever comes in between.
        """
        with self._fake.state.lock:
            handset = self._fake.state.handset(self._number)
            if times is None:
                handset.usual = behaviour
                handset.script.clear()
            else:
                handset.script.extend([(containing, behaviour)] * times)
            self._fake.state.changed()

    def does_with_mms(self, behaviour: b.Chooser | None) -> None:
        """From now on another behaviour for messages with files; None: the same as for the others."""
        with self._fake.state.lock:
            self._fake.state.handset(self._number).of_mms = behaviour
            self._fake.state.changed()

    def follows(self, *script: b.Chooser) -> None:
        """One behaviour for each of the next messages; then the usual one again."""
        for behaviour in script:
            self.does(behaviour, times=1)

    def deliver(self, times: int | None = None) -> None:
        self.does(b.deliver(), times)

    def refuse(self, error_code: int = 21614, times: int | None = None, status: int | None = None) -> None:
        """Refused at the POST with this code, and its usual HTTP status unless another is given."""
        self.does(b.refuse(error_code, status), times)

    def undelivered(self, error_code: int = 30003, times: int | None = None) -> None:
        """Accepted, and reported undelivered later."""
        self.does(b.undelivered(error_code), times)

    def fail(self, error_code: int = 30001, times: int | None = None) -> None:
        """Accepted, and failed before it left Twilio."""
        self.does(b.failed(error_code), times)

    def stay_silent(self, waiting_as: Waiting = "sent", reaches_phone: bool = False, times: int | None = None) -> None:
        """Accepted, and never a receipt."""
        self.does(b.silent(waiting_as, reaches_phone), times)

    def deliver_late(self, seconds: float, waiting_as: Waiting = "sent", times: int | None = None) -> None:
        self.does(b.late(seconds, waiting_as), times)

    def api_down(self, status: int = 503, times: int | None = None) -> None:
        self.does(b.api_down(status), times)

    def lose_reply(self, status: int | None = None, times: int | None = None) -> None:
        """Accepted, but the caller sees a reset (or an error answer with this HTTP status)."""
        self.does(b.reply_lost(status), times)

    def throttle(self, times: int | None = None, retry_after: str | None = None) -> None:
        self.does(b.throttled(retry_after), times)

    def reset(self, times: int | None = None) -> None:
        """The connection is reset and nothing was accepted."""
        self.does(b.reset(), times)

    def hang(self, seconds: float, accepted: bool = True, times: int | None = None) -> None:
        self.does(b.hang(seconds, accepted), times)


class Phone:
    """One phone outside Twilio: a customer's or a handler's."""

    def __init__(self, fake: FakeTwilio, number: str) -> None:
        self.number = number
        self.carrier = Carrier(fake, number)
        self._fake = fake
        self._expected_sids: set[str] = set()
        self._expected_posts = 0

    @property
    def inbox(self) -> list[Message]:
        """The texts this handset has shown, in that order."""
        state = self._fake.state
        with state.lock:
            return [state.messages[sid] for sid in state.handset(self.number).shown_sids]

    @property
    def posts(self) -> list[PostAttempt]:
        """Every attempt to send this phone something, accepted or not."""
        return [post for post in self._fake.posts if post.to == self.number]

    @property
    def is_opted_out(self) -> bool:
        """Whether this phone has texted STOP to a number of the account and not START since."""
        with self._fake.state.lock:
            return any(phone == self.number for phone, _ in self._fake.state.opted_out)

    def texts(
        self,
        body: str,
        to: str | None = None,
        files: Sequence[File] = (),
        faults: InboundFaults | None = None,
        waits: bool = True,
    ) -> InboundText:
        """Text the business (`to` may be left out if the account has one number).

        Returns when the application has answered Twilio, or Twilio has given up; at once if `waits` is False.
        """
        if to is None:
            (to,) = self._fake.settings.numbers
        text = self._fake.customer_texts(self.number, to, body, files, faults)
        return text.wait() if waits else text

    def taps_back(
        self, tapback: str = "like", on: Message | None = None, waits: bool = True, **changes: Any
    ) -> InboundText:
        """React to a text of its inbox, by itself the last one; keywords are the fields of `Reaction`.

        Returns as `texts` does. Raises ValueError for a reaction that there is not.
        """
        message = on or self.inbox[-1]
        text = self._fake.taps_back(self.number, message.sid, Reaction(tapback, **changes))
        return text.wait() if waits else text

    def replies_by_itself(self, words: str = DRIVING, after_seconds: float = USUAL_SECONDS) -> None:
        """Answer each text from now on, so many seconds after it; the seconds are scaled like all of the fake's own."""
        self._fake.auto_replies.set(self.number, AutoReply(words, after_seconds))

    def replies_no_more(self) -> None:
        """Leave answering to its owner again."""
        self._fake.auto_replies.set(self.number, None)

    def overlook_the_past(self) -> None:
        """Whatever was sent to it so far counts as expected: another story begins."""
        self._expected_sids.update(message.sid for message in self.inbox)
        self._expected_posts = len(self.posts)

    def expect_text(self, containing: str = "", within_seconds: float = PATIENCE_SECONDS) -> Message:
        """A text that contains this and was not expected before has arrived, or does in time."""

        def unexpected() -> Message | None:
            return next((m for m in self._not_expected() if containing in m.body), None)

        self._wait(unexpected, within_seconds, "no text that contains what was expected")
        message = unexpected()
        assert message is not None  # noqa: S101 - texts never vanish
        self._expected_sids.add(message.sid)
        return message

    def expect_nothing_more(self, for_seconds: float = 0.5) -> None:
        """No text beyond the expected ones is there, nor arrives for so long."""
        if self._fake.wait_for(lambda: bool(self._not_expected()), for_seconds):
            raise AssertionError(f"an unexpected text; {self._summary()}")

    def expect_post(self, within_seconds: float = PATIENCE_SECONDS) -> PostAttempt:
        """One more attempt was made to send this phone something, accepted or not."""
        self._wait(lambda: len(self.posts) > self._expected_posts, within_seconds, "no attempt to send")
        self._expected_posts += 1
        return self.posts[self._expected_posts - 1]

    def expect_no_more_posts(self, for_seconds: float = 0.5) -> None:
        """The application tries to send this phone nothing beyond the expected attempts for so long."""
        if self._fake.wait_for(lambda: len(self.posts) > self._expected_posts, for_seconds):
            raise AssertionError(f"an unexpected attempt to send; {self._summary()}")

    def _not_expected(self) -> list[Message]:
        return [message for message in self.inbox if message.sid not in self._expected_sids]

    def _wait(self, holds: Callable[[], object], within_seconds: float, complaint: str) -> None:
        if not self._fake.wait_for(lambda: bool(holds()), within_seconds):
            raise AssertionError(f"{complaint} within {within_seconds} s; {self._summary()}")

    def _summary(self) -> str:
        """The phone by its last digits, and what was tried for it, without the texts' words."""
        shown = ", ".join(f"{m.sid} ({len(m.body)} characters)" for m in self.inbox[-_SHOWN_MAX:]) or "nothing"
        tried = [
            f"{post.behaviour or 'refused'}: HTTP {post.http_status}"
            f"{f' code {post.error_code}' if post.error_code else ''}"
            for post in self.posts[-_SHOWN_MAX:]
        ]
        return f"phone …{self.number[-4:]} shows {shown}; sends to it: {'; '.join(tried) or 'none'}"
