"""`photos` saves the files that came with a text, by the relay's own link; `revoke` takes that link back."""

from __future__ import annotations

import http.client
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from relay.media.kinds import kind_of
from relay.outgoing import REDIRECTS, may_carry_secrets, open_url
from rich.text import Text

from scripts.relayctl.api import Json
from scripts.relayctl.ids import MessageId
from scripts.relayctl.output import Context, with_json

_TIMEOUT_SECONDS = 30.0
# Twilio keeps no file of a text above 5 MB.
_FILE_MAX_BYTES = 6 * 1024 * 1024
_READ_BYTES = 64 * 1024


class _NotSaved(Exception):
    """One file could not be saved; the message says why, in words that follow its name."""


@click.command()
@click.argument("message_id", type=MessageId())
@click.option(
    "--to", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".",
    help="Save them there, not in the current folder.",
)  # fmt: skip
@with_json
@click.pass_obj
def photos(context: Context, message_id: str, folder: Path) -> None:
    """Save the photos and other files that came with a text. A file that is there already stays as it is."""
    answer = context.api.one(message_id)
    link, count = _link(answer), _files_to_see(answer["relay"])
    saved: list[str] = []
    failed: list[Json] = []
    for number in range(1, count + 1):
        try:
            path = _save(f"{link}/{number}", folder, f"{message_id}-{number}")
        except _NotSaved as error:
            failed.append({"file": number, "reason": str(error)})
            context.say(Text(f"File {number} of {count}: {error}", "yellow"))
            continue
        saved.append(str(path))
        context.say(Text(f"Saved {path}", "green"))
    context.give({"saved": saved, "not_saved": failed})
    if failed:
        raise click.ClickException(f"{len(failed)} of {count} files were not saved.")


@click.command()
@click.argument("message_id", type=MessageId())
@with_json
@click.pass_obj
def revoke(context: Context, message_id: str) -> None:
    """Take back the link to a text's files, when it went astray. It cannot be given back."""
    context.give(context.api.revoke_link(message_id))
    context.say(
        f"[green]The link to the files of {message_id} opens nothing any more[/green]; the files stay at Twilio until "
        "they are deleted there (docs/operations.md, “A link to photos went astray”)."
    )


def _link(answer: Json) -> str:
    """Returns the link to a relay's files. Raises ClickException when it has none that may be used."""
    attachments = answer["story"]["attachments"]
    if attachments is None:
        raise click.ClickException("No files came with this text.")
    link = attachments.get("link")
    if not link:
        nothing = "There is nothing to save: they are words alone, which are in the text."
        unknown = "The relay gives no link to them; they are in Twilio's log."
        said = attachments.get("note") or (unknown if _files_to_see(answer["relay"]) else nothing)
        raise click.ClickException(said)
    if not may_carry_secrets(link):
        raise click.ClickException("The relay's link begins with http://, so that all on the way could open it, too.")
    return str(link)


def _files_to_see(relay: Json) -> int:
    return int(relay["media_count"]) - sum(bool(each.get("is_in_words")) for each in relay["attachments"])


def _save(url: str, folder: Path, name: str) -> Path:
    """Fetch one file into a new one of this name. Returns where it is. Raises _NotSaved.

    What is said never quotes the link: all who have it see the files.
    """
    try:
        with open_url(url, _TIMEOUT_SECONDS) as answer:
            kind = str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
            # No name is taken from the server: it is made of the id that the operator gave, and an ending of ours.
            path = folder / f"{name}.{kind_of(kind).ending}"
            _write(answer, path)
    except urllib.error.HTTPError as error:
        error.close()
        raise _NotSaved(_refused(error.code)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _NotSaved(f"what is behind the link does not answer ({type(error).__name__})") from None
    return path


def _write(answer: Any, path: Path) -> None:
    """Write what is being read into a new file, which is there whole or not at all. Raises _NotSaved."""
    try:
        file = path.open("xb")
    except FileExistsError:
        raise _NotSaved(f"{path} is there already, and stays as it is") from None
    except OSError as error:
        raise _NotSaved(f"{path} cannot be written ({error.strerror})") from None
    try:
        with file:
            for chunk in _chunks(answer):
                file.write(chunk)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _NotSaved(f"{path} cannot be written ({error.strerror})") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _chunks(answer: Any) -> Iterator[bytes]:
    size = 0
    try:
        while chunk := answer.read(_READ_BYTES):
            size += len(chunk)
            if size > _FILE_MAX_BYTES:
                raise _NotSaved(f"it is larger than {_FILE_MAX_BYTES // 2**20} MB")
            yield chunk
    except (OSError, http.client.HTTPException):
        raise _NotSaved("it broke off") from None
    told = answer.headers.get("Content-Length")
    if told is not None and told != str(size):
        raise _NotSaved("it broke off")


def _refused(status: int) -> str:
    if status in REDIRECTS:
        return "the link leads elsewhere, which is not followed: is MEDIA_BASE_URL the address that answers itself?"
    if status == 404:
        return "there is no such file any more"
    if status >= 500:
        return f"it cannot be had just now ({status}): try again in a moment"
    return f"it was refused ({status})"
