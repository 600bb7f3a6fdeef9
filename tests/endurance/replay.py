"""Requests that were answered with success come once more, word for word, when all is over."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from relay.core.model import FinalStatus
from relay.ports import RelayStore, Search

from scripts.fake_twilio import Exchange, FakeTwilio
from scripts.fake_twilio.transport import HttpTransport
from scripts.fake_twilio.webhooks import TOTAL_SECONDS, sign
from tests.endurance.judges import attempt_of, named
from tests.endurance.run import Run

_SECONDS = 120.0
_UNDER_WAY = Search(FinalStatus.IN_PROGRESS, limit=1000)


def replay(run: Run, store: RelayStore, count: int, seed: int) -> None:
    """Send so many of the recorded requests again and note what they changed."""
    at_rest = {message_id for message_id, relay in run.relays.items() if relay.due_at is None}
    recorded = [each for each in run.fake.exchanges if each.succeeded and relay_of(each) in at_rest]
    chosen = random.Random(seed).sample(recorded, min(count, len(recorded)))
    before = _versions(store, {relay_of(each) for each in chosen})
    # A notice to a handler may still be on its way when all texts have ended.
    under_way = {relay.message_id for relay in store.search(_UNDER_WAY, timeout_seconds=_SECONDS).relays}
    posts, known = len(run.fake.posts), len(run.fake.exchanges)
    for exchange in chosen:
        status = _send(run.fake, exchange)
        if status != exchange.http_status:
            run.changed_by_replays.append(f"a request answered {exchange.http_status} is now answered {status}")
    run.replayed = len(chosen)
    after = _versions(store, set(before))
    changed = {message_id for message_id in before if before[message_id] != after[message_id]}
    if changed:
        # A late callback may have come in between; it is on record once it is over.
        time.sleep(TOTAL_SECONDS)
        changed -= {relay_of(each) for each in run.fake.exchanges[known:]}
        run.changed_by_replays += [f"a replayed request changed {message_id[-3:]}" for message_id in changed]
    if any(named(post)[0] not in under_way for post in run.fake.posts[posts:]):
        run.changed_by_replays.append("a replayed request sent a text")


def relay_of(exchange: Exchange) -> str:
    """The relay that a request of Twilio's is about."""
    return attempt_of(exchange.url)[0] if exchange.kind == "status" else exchange.message_sid


def _versions(store: RelayStore, message_ids: set[str]) -> Mapping[str, object]:
    return {message_id: store.get(message_id, timeout_seconds=_SECONDS) for message_id in message_ids}


def _send(fake: FakeTwilio, exchange: Exchange) -> int | None:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": sign(fake.settings.auth_token, exchange.url, exchange.parameters),
    }
    body = urlencode(exchange.parameters).encode()
    return HttpTransport({}).send("POST", exchange.url, headers, body, _SECONDS, _SECONDS).status
