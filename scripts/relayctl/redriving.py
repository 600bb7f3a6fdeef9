"""`redrive`: start exhausted or held relays, after showing which; safe to stop and to repeat at any moment."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from scripts.relayctl import batch as batches
from scripts.relayctl.api import ApiError, Json, can_be_redriven, is_customers
from scripts.relayctl.batch import Batch
from scripts.relayctl.ids import MessageId
from scripts.relayctl.looking import Moment, phone
from scripts.relayctl.output import Context, is_for_people, with_json

REDRIVEN = "redriven"


@click.command()
@click.argument("message_ids", nargs=-1, type=MessageId(), metavar="[ID]...")
@click.option("--failed", is_flag=True, help="All exhausted relays of the time that --since gives.")
@click.option("--since", type=Moment(), help="With --failed: 90m, 1h, 2d, or a time.")
@click.option("--held", metavar="NUMBER", help="All relays that are held back of this number.")
@click.option("--delivered", is_flag=True, help="With ids: delivered texts too, where replies are on.")
@click.option("--tier", type=click.IntRange(min=1), default=1, show_default=True, help="Begin at this tier.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--resume", is_flag=True, help="Go on where it was interrupted.")
@click.option("--discard", is_flag=True, help="Forget what was interrupted.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Where is kept what is unfinished.")
@with_json
@click.pass_obj
def redrive(
    context: Context,
    message_ids: Sequence[str],
    failed: bool,
    since: str | None,
    held: str | None,
    delivered: bool,
    tier: int,
    dry_run: bool,
    yes: bool,
    resume: bool,
    discard: bool,
    state: Path | None,
) -> None:
    """Send texts again that are exhausted or held: ID..., --failed --since TIME, or --held NUMBER. Asks first."""
    path = state or batches.default_path()
    _check_usage(message_ids, failed=failed, since=since, held=held, other=resume or discard)
    if discard:
        batches.forget(path)
        context.give({"discarded": True})
        context.say("Forgotten. What was sent again already stays so.")
        return
    wanted = _Wanted(message_ids, since, held, delivered)
    batch, others = (_unfinished(context, path), []) if resume else _new(context, path, wanted, tier)
    if dry_run:
        planned = [item.message_id for item in batch.pending]
        context.give({"planned": planned, "not_redriven": _reasons(others)})
        context.say("[bold]Dry run:[/bold] nothing was done.")
        return
    if not batch.items:
        context.give({"redriven": [], "not_redriven": _reasons(others)})
        return
    if not resume and not _agreed(context, batch, yes=yes):
        context.say("Nothing was done.")
        return
    batches.save(batch, path)
    _run(context, batch, path)
    _report(context, batch, others)


@dataclass(frozen=True)
class _Wanted:
    """Which relays are asked for, in one of three ways; `delivered`: of those that are named delivered ones too."""

    message_ids: Sequence[str]
    since: str | None
    held: str | None
    delivered: bool


def _check_usage(message_ids: Sequence[str], *, failed: bool, since: str | None, held: str | None, other: bool) -> None:
    if other and (message_ids or failed or held):
        raise click.UsageError("--resume and --discard go with no ids and not with --failed or --held.")
    if bool(message_ids) + failed + bool(held) > 1:
        raise click.UsageError("Give ids, or --failed --since TIME, or --held NUMBER: one way, not both.")
    if failed != (since is not None):
        raise click.UsageError("--failed and --since go together: --failed --since 1h")
    if not failed and not message_ids and not held and not other:
        raise click.UsageError("Which ones? Give their ids, or --failed --since 1h.")


def _unfinished(context: Context, path: Path) -> Batch:
    batch = batches.load(path)
    if batch is None:
        raise click.ClickException("Sending again was not interrupted: there is nothing to go on with.")
    if batch.url != context.api.url:
        raise click.ClickException(f"What was interrupted was of the relay at {batch.url}: give --url {batch.url}")
    context.say(f"Going on: {len(batch.items) - len(batch.pending)} of {len(batch.items)} are done.")
    return batch


def _new(context: Context, path: Path, wanted: _Wanted, tier: int) -> tuple[Batch, list[Json]]:
    """What is to be redriven, shown; and the rows of those asked for that are neither exhausted, held nor set aside."""
    waiting = batches.load(path)
    if waiting is not None and waiting.pending:
        done = f"{len(waiting.items) - len(waiting.pending)} of {len(waiting.items)} done"
        raise click.ClickException(
            f"Sending again was interrupted ({done}): finish it with --resume, or --discard it first."
        )
    others: list[Json] = []
    if wanted.since is not None:
        # Answers are started again one by one: the customer may have been called meanwhile.
        rows = [row for row in context.api.waiting_for_a_person(wanted.since, "exhausted") if is_customers(row)]
    elif wanted.held is not None:
        rows = list(context.api.rows(final_status="held", sender_phone=phone(wanted.held)))
    else:
        found = [context.api.one(message_id)["summary"] for message_id in dict.fromkeys(wanted.message_ids)]
        rows = [row for row in found if can_be_redriven(row, delivered=wanted.delivered)]
        others = [row for row in found if row not in rows]
    batch = batches.planned(context.api.url, tier, rows)
    _show_plan(context, batch, rows, others)
    return batch, others


def _show_plan(context: Context, batch: Batch, rows: Sequence[Json], others: Sequence[Json]) -> None:
    for row in others:
        context.say(Text(f"{row['message_id']} does not wait to be sent again: {row['headline']}"))
    if not rows:
        context.say("There is nothing to send again.")
        return
    context.say_rows(rows, why=True)
    context.say(f"\n{len(rows)} to be sent again, from tier {batch.tier}.")


def _reasons(rows: Sequence[Json]) -> list[Json]:
    return [{"message_id": row["message_id"], "reason": row["headline"]} for row in rows]


def _agreed(context: Context, batch: Batch, *, yes: bool) -> bool:
    if yes:
        return True
    if context.as_json or not is_for_people():
        raise click.ClickException("Nothing was done: there is no terminal to ask at, so say --yes (or --dry-run).")
    return click.confirm(f"Send {len(batch.items)} again?")


def _run(context: Context, batch: Batch, path: Path) -> None:
    """Redrive what is pending, writing down each outcome as it is known. Leaves the file behind when it is stopped."""
    progress = Progress(
        TextColumn("Sending again"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=context.console,
        disable=context.as_json, transient=not sys.stdout.isatty(),
    )  # fmt: skip
    try:
        with progress:
            task = progress.add_task("", total=len(batch.items), completed=len(batch.items) - len(batch.pending))
            for item in batch.pending:
                item.outcome = _redriven(context, item.message_id, item.request_id, batch.tier)
                batches.save(batch, path)
                progress.advance(task)
    except (ApiError, KeyboardInterrupt) as error:
        done = len(batch.items) - len(batch.pending)
        why = "Stopped." if isinstance(error, KeyboardInterrupt) else str(error)
        raise click.ClickException(f"{why} {done} of {len(batch.items)} are done; go on with --resume.") from error
    batches.forget(path)


def _redriven(context: Context, message_id: str, request_id: str, tier: int) -> str:
    try:
        context.api.redrive(message_id, request_id, tier)
    except ApiError as error:
        # 404: it has expired. 409: another redrive was faster, or it was delivered after all. 400: no such tier.
        if error.status not in (400, 404, 409):
            raise
        return str(error)
    return REDRIVEN


def _report(context: Context, batch: Batch, others: Sequence[Json]) -> None:
    done = [item.message_id for item in batch.items if item.outcome == REDRIVEN]
    refused = [item for item in batch.items if item.outcome != REDRIVEN]
    context.give(
        {
            "redriven": done,
            "not_redriven": _reasons(others)
            + [{"message_id": item.message_id, "reason": item.outcome} for item in refused],
        }
    )
    context.say(f"[green]{len(done)} sent again.[/green] Follow them with: relayctl watch")
    for item in refused:
        context.say(f"[yellow]{item.message_id}: {item.outcome}[/yellow]")
    if refused and not done:
        raise click.ClickException("None was sent again.")
