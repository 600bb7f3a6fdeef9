"""Makes a drawn plan one of texts with files: who tells of them and when, their words, and who filters their link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from relay.core.model import Attachment
from relay.core.policy import Policy

from tests.simulator.dice import Dice
from tests.simulator.kinds import Kind, Wide
from tests.simulator.plan import BODY_MARK, CUSTOMERS, FILES, Plan
from tests.simulator.sim_media import LINKS_BASE_URL
from tests.simulator.sim_twilio import Carrier

WORDS_FILE = Attachment("ME" + "e" * 32, "text/plain")
# A webhook has been answered by then, and a text whose words are waited for is on its way.
LATE_SECONDS = 20.0


def _with_files(plan: Plan, dice: Dice, *files: Attachment) -> None:
    """Let every text be a customer's, with these files; now and then a tier wants no link."""
    if plan.wide is not None and not plan.wide.is_calm:
        plan.fault_probability = 0.1
    for number, (at, text) in enumerate(plan.texts):
        sender = text.sender_phone if text.sender_phone in CUSTOMERS else CUSTOMERS[0]
        changed = replace(text, sender_phone=sender, media_count=len(files), attachments=files)
        plan.texts[number] = (at, changed)
    if dice.chance(0.3):
        tiers = plan.policy.tiers
        without = dice.pick(range(len(tiers)))
        plan.policy = Policy(tuple(replace(tier, without_link=n == without) for n, tier in enumerate(tiers)))


def _files_listed(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.webhook, wide.webhook_after = dice.pick(("", "lost", "late")), dice.between(35.0, 800.0)
    wide.listed_after = dice.pick((0.0, 0.0, dice.between(1.0, 900.0)))
    _with_files(plan, dice, *FILES)


def _words_in_files(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.odd = dice.pick(("in time", "late", "never"))
    wide.webhook, wide.webhook_after = dice.pick(("", "", "lost", "late")), dice.between(35.0, 800.0)
    wide.listed_after = dice.pick((0.0, 0.0, dice.between(1.0, 900.0)))
    wide.held_after = dice.between(LATE_SECONDS, 900.0) if wide.odd == "late" else 0.0
    _with_files(plan, dice, *dice.pick(((WORDS_FILE,), (*FILES, WORDS_FILE))))
    if wide.odd != "never":
        for number, (_, text) in enumerate(plan.texts):
            words = f"{BODY_MARK} and the rest of it {number}"
            plan.held[text.message_id, WORDS_FILE.media_id] = words.encode()


def _links_filtered(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.odd = dice.pick(("link", "words"))
    _with_files(plan, dice, *FILES)
    filters = LINKS_BASE_URL if wide.odd == "link" else BODY_MARK
    strict = dice.pick((plan.policy.tiers[:1], plan.policy.tiers))
    for tier in strict:
        plan.carriers[tier.reach.address] = Carrier(filters=filters)


WITH_FILES: dict[Kind, Callable[[Plan, Wide, Dice], None]] = {
    Kind.FILES_LISTED: _files_listed,
    Kind.WORDS_IN_FILES: _words_in_files,
    Kind.LINKS_FILTERED: _links_filtered,
}
