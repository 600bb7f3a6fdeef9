"""Makes a drawn plan one in which it matters who writes: in two spellings, in Twilio's own words, again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from relay.core.policy import Policy, sms

from tests.simulator.dice import Dice
from tests.simulator.kinds import Kind, Wide
from tests.simulator.plan import BODY_MARK, CUSTOMERS, HANDSET, OUR_PHONES, Plan
from tests.simulator.sim_twilio import Carrier

_FLOOD_OF_TEXTS = 14


def from_customers(plan: Plan) -> None:
    """Texts that only have to be recorded show little."""
    for number, (at, text) in enumerate(plan.texts):
        if text.sender_phone not in CUSTOMERS:
            plan.texts[number] = (at, replace(text, sender_phone=CUSTOMERS[0]))
    assert all(text.recipient_phone in OUR_PHONES for _, text in plan.texts)


def _spellings(plan: Plan, wide: Wide, dice: Dice) -> None:
    """One handset has two spellings; the tiers have the one, texts and Twilio's list the other."""
    tiers = plan.policy.tiers
    plan.policy = Policy((replace(tiers[0], reach=sms(HANDSET[0])), *tiers[1:]))
    plan.carriers[HANDSET[0]] = Carrier()
    plan.new_policy, plan.redrives = None, []
    wide.odd = dice.pick(("from the other", "from its channel", "customer's channel", "unknown"))
    senders = {"from the other": HANDSET[1], "from its channel": f"rcs:{HANDSET[0]}"}
    from_customers(plan)
    sender = senders.get(wide.odd)
    if wide.odd == "customer's channel":
        sender = f"rcs:{CUSTOMERS[0]}"
    if sender is not None:
        plan.texts = [(at, replace(text, sender_phone=sender)) for at, text in plan.texts]


def _opt_out_types(plan: Plan, wide: Wide, dice: Dice) -> None:
    """Twilio knows more words than the usual ones, in languages of its own choice."""
    wide.odd = "STOP"
    plan.new_policy = None
    at, text = plan.texts[0]
    plan.texts = [(at, replace(text, sender_phone=plan.policy.tiers[0].reach.address, body=f"{BODY_MARK} baja"))]


def _flood(plan: Plan, wide: Wide, dice: Dice) -> None:
    first = replace(plan.texts[0][1], media_count=0, attachments=())
    plan.texts = [
        (2.0 * number, replace(first, message_id=f"SM{0xABC00 + number:032x}")) for number in range(_FLOOD_OF_TEXTS)
    ]
    plan.redrives = []
    from_customers(plan)


WHO_WRITES: dict[Kind, Callable[[Plan, Wide, Dice], None]] = {
    Kind.SPELLINGS: _spellings,
    Kind.OPT_OUT_TYPES: _opt_out_types,
    Kind.FLOOD: _flood,
}
