"""link, links, unlink and signout: what signs in at the console without a code, and what ends that."""

from __future__ import annotations

import sys

import click

from scripts.relayctl.api import Json
from scripts.relayctl.output import Context, with_json
from scripts.relayctl.times import clock

_KINDS = {"sign_in": "signs in", "wall": "a wall"}
# So much of a key is shown, and enough to name it.
_SHOWN = 8


@click.command()
@click.option("--for", "name", default="", help="Which operator it signs in. Not needed where there is one.")
@click.option("--wall", is_flag=True, help="For a screen on a wall: it only shows.")
@click.option("--print", "may_print", is_flag=True, help="Print it to a file or another program too.")
@with_json
@click.pass_obj
def link(context: Context, name: str, wall: bool, may_print: bool) -> None:
    """Print a link that signs in at the console: once, within ten minutes. With --wall, one for a wall.

    It goes to a terminal only: what is in a file or a log signs in others too.
    """
    if not (may_print or sys.stdout.isatty()):
        raise click.ClickException("A link signs in: it is printed to a terminal only, unless --print is given.")
    made = context.api.make_link("wall" if wall else "sign_in", name)
    context.give(made)
    if context.as_json:
        return
    # Alone on its line and never wrapped, so that it is copied in one piece.
    click.echo(made["link"])
    if wall:
        words = f"Open it on the wall's screen. `relayctl unlink {made['key'][:_SHOWN]}` takes it back."
    else:
        words = f"It signs in once, until {clock(made['expires_at'])}. It is for that operator alone."
    click.echo(words, err=True)


@click.command()
@with_json
@click.pass_obj
def links(context: Context) -> None:
    """List the links that are in force: which walls are signed in by one, and what still signs in."""
    found = context.api.links()
    context.give(found)
    if not found:
        context.say("No link is in force.")
    for row in found:
        context.say(_line(row))


@click.command()
@click.argument("key")
@with_json
@click.pass_obj
def unlink(context: Context, key: str) -> None:
    """Take a link back, by its key or the beginning of it. A wall that was opened by it shows nothing any more."""
    keys = [str(row["key"]) for row in context.api.links() if str(row["key"]).startswith(key)]
    if len(keys) != 1:
        what = "more than one link" if keys else "no link that is in force"
        raise click.ClickException(f"{key} is the key of {what}: `relayctl links` shows them.")
    context.api.revoke(keys[0])
    context.give({"revoked": keys[0]})
    context.say("Taken back.")


@click.command()
@click.argument("name")
@with_json
@click.pass_obj
def signout(context: Context, name: str) -> None:
    """End all that is open in an operator's name: sessions, walls and links. For a stolen phone or session."""
    done = context.api.sign_out(name)
    context.give(done)
    context.say(f"{done['signed_out']} is signed out everywhere. `relayctl link --for NAME` lets an operator in again.")


def _line(row: Json) -> str:
    who = f" for {row['for']}" if row.get("for") else ""
    by = f" by {row['made_by']}" if row.get("made_by") else ""
    kind = _KINDS.get(row["kind"], row["kind"])
    return f"{row['key'][:_SHOWN]}  {kind}{who}, made {clock(row['made_at'])}{by}, until {clock(row['expires_at'])}"


COMMANDS = (link, links, unlink, signout)
