"""The command line: what is common to all commands, and how errors are told."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click
from click.core import ParameterSource

from scripts.relayctl import links, threads
from scripts.relayctl.alarms import alarm
from scripts.relayctl.api import ApiError
from scripts.relayctl.at_google import AtGoogle
from scripts.relayctl.batch import BatchError
from scripts.relayctl.doctor import doctor
from scripts.relayctl.handling import handled
from scripts.relayctl.looking import failed, list_relays, search, show, stats
from scripts.relayctl.output import Context
from scripts.relayctl.photos import photos, revoke
from scripts.relayctl.redriving import redrive
from scripts.relayctl.tokens import NoToken
from scripts.relayctl.watching import watch

_DEFAULT_URL = "http://127.0.0.1:8080"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", envvar="RELAYCTL_URL", default=_DEFAULT_URL, show_default=True, help="The relay's address.")
@click.option("--project", envvar="RELAYCTL_PROJECT", default="", help="The Google Cloud project of a relay there.")
@click.option("--token", envvar="RELAYCTL_TOKEN", default="", help="An identity token.")
@click.option("--token-command", envvar="RELAYCTL_TOKEN_COMMAND", default="", help="A command that prints one.")
@click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
@click.pass_context
def relayctl(context: click.Context, url: str, project: str, token: str, token_command: str, as_json: bool) -> None:
    """What happened to that text? Looks relays and threads up, starts exhausted ones again, acts on threads.

    Every option can be given in the environment: RELAYCTL_URL, RELAYCTL_PROJECT, RELAYCTL_TOKEN,
    RELAYCTL_TOKEN_COMMAND. On the machine where the relay runs none is needed: a file beside its database says who you
    are, to the user that runs it. For a relay at Google the project is enough: gcloud finds its address and makes the
    token.
    """
    is_default = context.get_parameter_source("url") is ParameterSource.DEFAULT
    at_google = AtGoogle(project) if project else None
    context.obj = Context("" if project and is_default else url, token, token_command, as_json, at_google=at_google)


for _command in (
    list_relays,
    search,
    show,
    photos,
    revoke,
    failed,
    watch,
    redrive,
    handled,
    stats,
    *threads.COMMANDS,
    *links.COMMANDS,
    alarm,
    doctor,
):
    relayctl.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: it could not be done, or doctor found something. 2: wrong usage. 130: stopped with Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = relayctl.main(given, prog_name="relayctl", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.UsageError as error:
        error.show()
        return 2
    except click.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except (click.ClickException, ApiError, NoToken, BatchError) as error:
        words = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(json.dumps({"error": words}) if "--json" in given else words, err=True)
        return 1
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
