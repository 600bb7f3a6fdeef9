"""What can go wrong with the whole account, switched on and off: outages, lists, a restricted key."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from scripts.fake_twilio.behaviour import Behaviour
from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.faults.lists import ListFaults, RowFaults
from scripts.fake_twilio.faults.media import MediaFaults
from scripts.fake_twilio.faults.outages import ENDPOINTS, Endpoint, Outage
from scripts.fake_twilio.faults.queues import QueueLimits
from scripts.fake_twilio.inbound_form import OptOutType
from scripts.fake_twilio.message import FIELDS, Message
from scripts.fake_twilio.rows import Row
from scripts.fake_twilio.seeds import Seeds
from scripts.fake_twilio.standing import Standing
from scripts.fake_twilio.state import State


class Door(Protocol):
    """Where connections come in: the server, when the fake has one of its own. Both may be called again."""

    def close_door(self) -> None:
        """Refuse new connections and close idle ones."""

    def open_door(self) -> None: ...


class AccountFaults:
    """The half of a fake account that misbehaves on demand; `faults` says how it can."""

    def __init__(self, state: State, clock: Clock, time_scale: float, seeds: Seeds) -> None:
        self.state = state
        self.door: Door | None = None
        self._clock = clock
        self._time_scale = time_scale
        self._seeds = seeds

    def begin_outage(
        self,
        behaviour: Behaviour,
        for_seconds: float | None = None,
        requests: int | None = None,
        endpoints: Collection[Endpoint] = ENDPOINTS,
    ) -> None:
        """Requests to these endpoints get the answer that `behaviour` has for a POST, until `end_outage`.

        It ends by itself after so many seconds or requests where these are given. An answer that accepts (that of
        `reply_lost` or `hang`) still has reads and sends carried out. Raises ValueError for an outage that refuses
        connections and is not of the whole API, or when no server of the fake's own could refuse them.
        """
        refuses = behaviour.at_post.refuses_connection
        if refuses and (requests is not None or set(endpoints) != set(ENDPOINTS)):
            raise ValueError("connections are refused for all endpoints and for a time, not for a number of requests")
        if refuses and self.door is None:
            raise ValueError("only a fake that runs as a server of its own can refuse connections")
        until = None if for_seconds is None else self._clock.now() + for_seconds * self._time_scale
        with self.state.lock:
            self.state.outages.begin(Outage(behaviour.at_post, behaviour.name, until, requests), endpoints)
            self.state.changed()
        if until is not None:
            # Threads that wait for a change learn of the end.
            self._clock.call_later(until - self._clock.now(), self._outage_may_be_over)
        self._mind_the_door()

    def end_outage(self, endpoints: Collection[Endpoint] = ENDPOINTS) -> None:
        with self.state.lock:
            self.state.outages.end(endpoints)
        self._outage_may_be_over()

    def _outage_may_be_over(self) -> None:
        self._mind_the_door()
        self.state.changed()

    def _mind_the_door(self) -> None:
        if self.door is None:
            return
        with self.state.lock:
            outage = self.state.outages.at("send")
        if outage is not None and outage.answer.refuses_connection:
            self.door.close_door()
        else:
            self.door.open_door()

    def put_right(self) -> None:
        """From now on nothing is wrong with the account. What phones' carriers do stays, and so do rows shown wrong."""
        self.end_outage()
        self.limit_queues(QueueLimits())
        self.show_lists(ListFaults())
        self.serve_media(MediaFaults())
        self.restrict_key(ENDPOINTS)
        self.opt_out_by({})

    def limit_queues(self, limits: QueueLimits) -> None:
        """From now on numbers send at this rate and have queues of this length; who waits already goes on waiting."""
        with self.state.lock:
            self.state.queues.limits = limits
            self.state.changed()

    def show_lists(self, faults: ListFaults) -> None:
        """From now on lists, and what is shown of messages, have these faults and no others."""
        with self.state.lock:
            self.state.lists = faults
            self.state.changed()

    def serve_media(self, faults: MediaFaults) -> None:
        """From now on the files that came with texts have these faults and no others."""
        with self.state.lock:
            self.state.media_faults = faults
            self.state.changed()

    def show(self, sid: str, fields: Mapping[str, Any]) -> None:
        """Show these fields of a message, by the names of the Message resource, instead of the true ones.

        Raises ValueError for a message or a field that there is not.
        """
        with self.state.lock:
            if sid not in self.state.messages:
                raise ValueError("no message has that sid")
            if unknown := sorted(set(fields) - set(FIELDS)):
                raise ValueError(f"a message has no field {unknown[0]!r}")
            self.state.rows.setdefault(sid, RowFaults()).fields.update(fields)
            self.state.changed()

    def add_row(self, row: Row) -> Message:
        """A message of which the application hears nothing: another program's, another number's, or a filtered one.

        It stands in lists as soon as they show it, and no webhook or status callback tells of it.
        """
        message = row.message(self._seeds, self._clock.now())
        with self.state.lock:
            self.state.rows[message.sid] = RowFaults(listed_at=self._clock.now())
            self.state.save(message)
        return message

    def restrict_key(self, may: Collection[Endpoint]) -> None:
        """From now on the API key may do this and nothing else (403 with 70051), like a restricted key of Twilio's."""
        with self.state.lock:
            self.state.key_may = frozenset(may)

    def stand(self, standing: Standing) -> None:
        """From now on the account stands so, and this is registered of its numbers."""
        with self.state.lock:
            self.state.standing = standing
            self.state.changed()

    def opt_out_by(self, words: Mapping[str, OptOutType], lists_own_answers: bool = False) -> None:
        """From now on phones opt out and in by these words (Advanced Opt-Out); by the usual ones where there are none.

        With words of its own, the account's webhooks carry `OptOutType`. `lists_own_answers`: lists show what Twilio
        answers to these words by itself from now on; whether they do so is not documented.
        """
        with self.state.lock:
            self.state.opt_out_words = {word.upper(): kind for word, kind in words.items()}
            self.state.lists_own_answers = lists_own_answers
