"""Outbound messages: from the POST to the last status."""

import dataclasses
import math
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from werkzeug.datastructures import MultiDict

from scripts.fake_twilio import mms, rows, send_request
from scripts.fake_twilio.behaviour import Behaviour, deliver
from scripts.fake_twilio.callbacks import CallbackQueue
from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.faults.answers import ApiAnswer
from scripts.fake_twilio.faults.lists import RowFaults
from scripts.fake_twilio.media import media_of
from scripts.fake_twilio.message import Direction, Message
from scripts.fake_twilio.seeds import Seeds
from scripts.fake_twilio.settings import Settings, StatusDelays
from scripts.fake_twilio.state import PostAttempt, State
from scripts.fake_twilio.text import segment_count
from scripts.fake_twilio.transport import Transport
from scripts.fake_twilio.walk import Step, plan
from scripts.fake_twilio.webhooks import Dispatcher

_AT_ONCE = StatusDelays(0.0, 0.0, 0.0)


class Reply(NamedTuple):
    """What the HTTP face does with a request.

    status None: reset the connection. body: JSON, or None for an answer without it (a gateway's). location: where the
    request is sent on to.
    hold_seconds: wait before. after: wait for this event before, but not for ever. interim: 1xx to answer before.
    """

    status: int | None
    body: dict[str, Any] | None = None
    hold_seconds: float = 0.0
    after: threading.Event | None = None
    interim: tuple[int, ...] = ()
    retry_after: str | None = None
    location: str = ""


def error_reply(error: ApiError) -> Reply:
    return Reply(error.status, error.as_json())


def as_told(answer: ApiAnswer, right: Reply | None, time_scale: float) -> Reply:
    """Returns the reply that a fault makes of the right one; `right` None: there is none, because nothing was done."""
    reply = right or Reply(None)
    if answer.is_error:
        body = None
        if answer.error_code is not None:
            body = ApiError(answer.error_code, answer.status).as_json()
        if answer.body_status is not None:
            body = {**(body or {}), "status": answer.body_status}
        reply = Reply(None if answer.resets else answer.status, body, after=reply.after)
    return reply._replace(
        hold_seconds=answer.hold_seconds * time_scale, interim=answer.interim, retry_after=answer.retry_after
    )


class Sender:
    """Accepts or refuses messages and walks the accepted ones through their statuses."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        dispatcher: Dispatcher,
        seeds: Seeds,
        settings: Settings,
        transport: Transport,
        on_shown: Callable[[Message], None],
    ) -> None:
        """`transport` fetches the files of messages. `on_shown` is told of each text that a handset shows."""
        self._state = state
        self._clock = clock
        self._dispatcher = dispatcher
        self._seeds = seeds
        self._settings = settings
        self._transport = transport
        self._on_shown = on_shown

    def answer(self, from_: str, to: str, body: str) -> None:
        """Twilio texts this phone itself, whatever the phone has opted out of. The application hears nothing of it."""
        request = send_request.SendRequest(to, from_, body, (), None, send_request.MAX_VALIDITY_SECONDS)
        with self._state.lock:
            sid = self._seeds.sid("SM", "own", from_, to)
            if not self._state.lists_own_answers:
                self._state.rows[sid] = RowFaults(listed_at=math.inf)
            self._create(sid, request, segment_count(body), deliver(), 0.0, "outbound-reply")

    def post(self, form: MultiDict[str, str], refusal: ApiError | None) -> Reply:
        """One `POST Messages.json`, from a caller who may or may not. Every one is recorded, with what was answered."""
        arrival = PostAttempt(
            arrived_at=self._clock.now(),
            form=tuple(form.items(multi=True)),
            to=form.get("To", ""),
            from_=form.get("From", ""),
            body=form.get("Body", ""),
        )
        with self._state.lock:
            try:
                reply, attempt = self._decide(arrival, form, refusal)
            except ApiError as error:
                reply = error_reply(error)
                attempt = dataclasses.replace(arrival, error_code=error.code)
            self._state.posts.append(dataclasses.replace(attempt, http_status=reply.status))
            self._state.changed()
        return reply

    def _decide(
        self, arrival: PostAttempt, form: MultiDict[str, str], refusal: ApiError | None
    ) -> tuple[Reply, PostAttempt]:
        outage = self._state.outages.meets("send")
        if outage and not outage.answer.accepted:
            arrival = dataclasses.replace(arrival, behaviour=outage.name, error_code=outage.answer.error_code)
            return self._as_told(outage.answer), arrival
        if refusal is not None:
            raise refusal
        own_numbers = {number.phone_number for number in self._state.numbers.values()}
        request = send_request.parse(form, own_numbers)
        if (request.to, request.from_) in self._state.opted_out:
            raise ApiError(21610)
        sid = self._seeds.sid("MM" if request.media_urls else "SM", "outbound", request.from_, request.to)
        behaviour = self._behaviour_for(request, sid)
        at_post = outage.answer if outage else behaviour.at_post
        arrival = dataclasses.replace(
            arrival,
            behaviour=outage.name if outage else behaviour.name,
            error_code=at_post.error_code,
            message_sid=sid if at_post.accepted else None,
        )
        if not at_post.accepted:
            return self._as_told(at_post), arrival
        segments = segment_count(request.body)
        queue_seconds = self._state.queues.enter(request.from_, segments, request.validity_seconds, self._clock.now())
        created, answered = self._create(sid, request, segments, behaviour, queue_seconds)
        shown = rows.shown(created, self._clock.now(), self._state, self._settings)
        right = Reply(201, shown, after=answered)
        return self._as_told(at_post, right), arrival

    def _behaviour_for(self, request: send_request.SendRequest, sid: str) -> Behaviour:
        handset = self._state.handset(request.to)
        chooser = handset.of_mms if request.media_urls else None
        if chooser is None:
            chooser = handset.next_chooser(request.body)
        return chooser.pick(self._seeds.random_for(f"behaviour {sid}"))

    def _create(
        self,
        sid: str,
        request: send_request.SendRequest,
        segments: int,
        behaviour: Behaviour,
        queue_seconds: float,
        direction: Direction = "outbound-api",
    ) -> tuple[Message, threading.Event | None]:
        """The new message, and the event its POST's answer has to wait for, if any."""
        now = self._clock.now()
        message = Message(
            sid=sid,
            direction=direction,
            from_=request.from_,
            to=request.to,
            body=request.body,
            status="queued",
            created_at=now,
            updated_at=now,
            num_segments=segments,
            media_urls=request.media_urls,
            status_callback=request.status_callback,
            validity_seconds=request.validity_seconds,
            behaviour=behaviour.name,
            history=((now, "queued"),),
        )
        self._state.save(message)
        queue = self._callbacks(sid, behaviour)
        is_hasty = behaviour.callbacks.before_reply
        delays = _AT_ONCE if is_hasty else self._settings.delays
        if request.media_urls:
            behaviour = dataclasses.replace(behaviour, fate=behaviour.fate.of_mms())
        steps = plan(behaviour.fate, delays, request.validity_seconds, queue_seconds)
        self._schedule(sid, steps, behaviour, queue)
        return message, queue.answered if is_hasty else None

    def deliver_after_all(self, sid: str) -> None:
        """A message of which no more was to be heard is delivered, and its receipt leaves."""
        behaviour = deliver()
        self._schedule(sid, (Step(0.0, "delivered"),), behaviour, self._callbacks(sid, behaviour))

    def _callbacks(self, sid: str, behaviour: Behaviour) -> CallbackQueue:
        return CallbackQueue(
            self._dispatcher,
            behaviour.callbacks,
            self._settings.account_sid,
            self._seeds.token_for,
            self._seeds.random_for(f"callbacks {sid}"),
            self._settings.time_scale,
        )

    def _schedule(self, sid: str, steps: tuple[Step, ...], behaviour: Behaviour, queue: CallbackQueue) -> None:
        """Each step schedules the next, so that a message can never be overtaken by its own past."""
        self._clock.call_later(self._scaled(steps[0].delay_seconds), lambda: self._take(sid, steps, behaviour, queue))

    def _take(self, sid: str, steps: tuple[Step, ...], behaviour: Behaviour, queue: CallbackQueue) -> None:
        steps = self._with_files(sid, steps)
        step, rest, is_new = steps[0], steps[1:], False
        with self._state.lock:
            now = self._clock.now()
            message = self._state.messages[sid].moved_to(step.status, now, step.error_code)
            is_shown = step.status == behaviour.fate.ends and behaviour.fate.is_shown
            if is_shown and message.reached_phone_at is None:
                message = dataclasses.replace(message, reached_phone_at=now)
                self._state.handset(message.to).shown_sids.append(sid)
                is_new = True
            self._state.save(message)
        if is_new:
            self._on_shown(message)
        queue.status_changed(message, is_last=not rest)
        if rest:
            self._schedule(sid, rest, behaviour, queue)

    def _with_files(self, sid: str, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Fetch what a message brings along, before it leaves. Returns the steps that follow: one, where that fails."""
        message = self._state.messages[sid]
        if not message.media_urls or message.files or steps[0].status != "sending":
            return steps
        try:
            files = mms.fetched(message.media_urls, message.to, self._transport)
            names = [self._state.files.put(file) for file in files]
        except mms.Unfit as unfit:
            return (Step(0.0, "failed", unfit.code),)
        kept = media_of(sid, names, self._state.files, self._clock.now())
        self._state.save(dataclasses.replace(message, files=kept))
        return steps

    def _as_told(self, answer: ApiAnswer, right: Reply | None = None) -> Reply:
        return as_told(answer, right, self._settings.time_scale)

    def _scaled(self, seconds: float) -> float:
        return seconds * self._settings.time_scale
