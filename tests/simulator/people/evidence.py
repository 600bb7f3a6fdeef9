"""What a run leaves to judge people's texts by: what Twilio took and for whom, and when each document was committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from relay.core.model import FinalStatus, Relay
from relay.core.threads.model import Thread
from relay.record.kinds import Kind

from tests.simulator.history import Post
from tests.simulator.people.acting import People, Said
from tests.simulator.people.cast import Cast
from tests.simulator.people.words import code_of
from tests.simulator.sim_twilio import Message
from tests.simulator.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Shown:
    """That a handler's phone was sent a customer's text: which person, when, of whom, to which number of ours."""

    person: str
    at: float
    customer: tuple[str, str]
    code: str


class Evidence:
    """The record of one run with people, as a judge reads it."""

    def __init__(self, run: Simulation, people: People) -> None:
        self.run = run
        self.people = people
        self.cast: Cast = people.cast

    @cached_property
    def to_customers(self) -> list[Message]:
        """What Twilio took for a customer's phone."""
        return [each for each in self.run.fleet.twilio.messages.values() if each.to in self.cast.customers]

    @cached_property
    def posts_to_customers(self) -> list[Post]:
        return [each for each in self.run.history.posts if each.to in self.cast.customers]

    @cached_property
    def shown(self) -> list[Shown]:
        """What handlers' phones were sent of customers' texts, in order."""
        return sorted(self._shown(), key=lambda each: each.at)

    def _shown(self) -> Iterator[Shown]:
        for message in self.run.fleet.twilio.messages.values():
            known = self.run.history.texts.get(message.post.message_id)
            if known is not None and message.to in self.cast.names:
                customer = known.text.sender_phone, known.text.recipient_phone
                yield Shown(self.cast.names[message.to], message.created, customer, code_of(message.body))

    @cached_property
    def threads(self) -> dict[str, list[tuple[float, Thread]]]:
        """Every thread's commits."""
        return {
            key[1]: [(at, record) for at, record in commits if isinstance(record, Thread)]
            for key, commits in self.run.history.records.items()
            if key[0] is Kind.THREAD
        }

    def thread_at(self, thread_id: str, at: float) -> Thread | None:
        """The thread as it was committed last, then or before."""
        seen = [thread for when, thread in self.threads.get(thread_id, []) if when <= at]
        return seen[-1] if seen else None

    @cached_property
    def leased(self) -> list[tuple[str, str, str, float]]:
        """To whom texts of threads were about to be sent: person, code, thread, and when that was committed; once for
        each lease."""
        found: dict[tuple[str, str, str, str], float] = {}
        for message_id, commits in self.run.history.commits.items():
            if "-" in message_id:
                continue
            for at, relay in commits:
                for attempt in relay.attempts[relay.first_attempt_of_drive - 1 :]:
                    if attempt.lease is not None:
                        person = relay.policy.tier_or_last(attempt.tier).name
                        key = person, relay.code, relay.thread_id, f"{message_id} {attempt.lease}"
                        found[key] = min(at, found.get(key, at))
        return [(person, code, thread, at) for (person, code, thread, _), at in found.items()]

    def is_of(self, thread_id: str, message: Message) -> bool:
        """Whether the customer who has got this text is that of the thread, by the texts that came in."""
        for message_id, commits in self.run.history.commits.items():
            if commits[0][1].thread_id == thread_id and self.is_customers(message_id):
                text = self.run.history.texts[message_id].text
                return (text.sender_phone, text.recipient_phone) == (message.to, message.from_)
        return False

    def relay(self, message_id: str) -> Relay | None:
        stored = self.run.fleet.store.relays.get(message_id)
        return None if stored is None else stored.relay

    def decided_at(self, message_id: str) -> float | None:
        """When a text was committed, and with it what it causes; None for one that never was."""
        commits = self.run.history.commits.get(message_id)
        return commits[0][0] if commits else None

    def is_customers(self, message_id: str) -> bool:
        """Whether it is a customer's text that was to be forwarded."""
        known = self.run.history.texts.get(message_id)
        return known is not None and known.text.sender_phone in self.cast.customers

    def claims(self) -> Iterator[tuple[float, Relay]]:
        """Every commit by which a customer's text became claimed, or another person's."""
        for message_id, commits in self.run.history.commits.items():
            before = ""
            for at, relay in commits:
                now = relay.claimed_by if relay.final_status is FinalStatus.CLAIMED else ""
                if now and now != before and self.is_customers(message_id):
                    yield at, relay
                before = now

    def said_by(self, cause: str) -> Said | None:
        return self.people.said.get(cause)

    def effects_of(self, said: Said) -> Iterator[str]:
        """The ids of the threads in which a handler's text did something: it was answered in, claimed, closed."""
        at = self.decided_at(said.message_id)
        if at is None:
            return
        answer = self.relay(f"{said.message_id}-a")
        if answer is not None:
            yield answer.thread_id
        for when, relay in self.claims():
            if when == at and relay.claimed_by == said.person:
                yield relay.thread_id
        for thread_id, commits in self.threads.items():
            if any(when == at for when, _ in commits):
                yield thread_id


def evidence_of(run: Simulation) -> Evidence | None:
    """None of a run without people."""
    return None if run.people is None else Evidence(run, run.people)
