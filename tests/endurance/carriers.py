"""What the carriers of an endurance run do: mostly their work, and now and then everything that they are known for."""

from __future__ import annotations

from itertools import product
from typing import Any

from scripts.fake_twilio import ApiAnswer
from scripts.fake_twilio import behaviour as b
from scripts.fake_twilio.behaviour import Behaviour, Mixture

# A receipt about another text, signed like any other.
_ANOTHERS = {"MessageSid": "SM" + "9" * 32, "SmsSid": None}

# By weight. What is answered as "not processed" (429) truly is not: a Twilio that said so of a text it took would make
# every relay send twice. 503 tells nothing of what became of a text, and neither does what a 502 says in its body.
_SENDS: tuple[tuple[float, Behaviour], ...] = (
    (52, b.deliver()),
    (4, b.refuse(21614)),
    (2, b.refuse(21610)),
    (1, b.refuse(21635)),
    (1, b.refuse(21608)),
    (1, b.refuse(21999)),
    (4, b.refuse(21611)),
    (2, b.throttled()),
    (2, b.throttled(retry_after="1")),
    (3, b.api_down(503)),
    (2, b.api_down(502)),
    (2, b.reset()),
    (5, b.undelivered(30003)),
    (3, b.undelivered(30006)),
    (2, b.failed(30001)),
    (1, b.undelivered(30007)),
    (1, b.undelivered(39999)),
    (2, b.taken_back(30008)),
    (1, b.taken_back(30006, ends="sent")),
    (2, b.silent("sent")),
    (2, b.silent("sent", reaches_phone=True)),
    (1, b.silent("queued")),
    (3, b.late(4.0)),
    (3, b.reply_lost()),
    (2, b.reply_lost(500)),
    (1, b.reply_lost(502)),
    (2, b.reply_lost(503)),
    (1, Behaviour("502 that says 400", ApiAnswer(status=502, body_status=400, error_code=21614))),
    (1, Behaviour("early hints", ApiAnswer(interim=(103,), hold_seconds=0.2))),
    (2, b.hang(3.0)),
    (1, b.hang(3.0, accepted=False)),
)
_CALLBACKS: tuple[tuple[float, dict[str, Any]], ...] = (
    (60, {}),
    (8, {"copies": 2}),
    (4, {"copies": 3, "order": "together"}),
    (5, {"order": "shuffled"}),
    (5, {"order": "reversed"}),
    (5, {"lost": ("delivered", "undelivered", "failed")}),
    (4, {"lost": ("all",)}),
    (5, {"delay_seconds": 1.0}),
    (2, {"delay_seconds": 6.0}),
    (3, {"before_reply": True}),
    (2, {"stale_error_code": 30008}),
    (2, {"says": _ANOTHERS}),
    (1, {"says": {"New": "without notice"}}),
)

MIXTURE = Mixture(
    [
        (send_weight * callback_weight, behaviour.with_callbacks(**callbacks))
        for (send_weight, behaviour), (callback_weight, callbacks) in product(_SENDS, _CALLBACKS)
    ],
    name="endurance",
)
"""For every handler. Which one a text meets is drawn by the fake Twilio from its seed and the text's id."""
