"""`doctor`: examine the relay and this machine, and say what to do about what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
from rich.padding import Padding
from rich.text import Text

from scripts.deployment.tools import Problem
from scripts.relayctl import (
    ROOT,
    checks_alarms,
    checks_configuration,
    checks_console,
    checks_disk,
    checks_google,
    checks_handlers,
    checks_media,
    checks_relay,
    checks_twilio,
    checks_webhooks,
)
from scripts.relayctl.api import ApiError
from scripts.relayctl.credential import SERVICES_DATABASE
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from scripts.relayctl.output import Context, is_for_people, with_json
from scripts.relayctl.tokens import NoToken

# Where scripts/small_machine/sms-relay.service has the settings.
_SERVICES_SETTINGS = Path("/etc/sms-relay/env")
_SIGNS = {OK: ("✓", "green"), WARNING: ("!", "yellow"), BAD: ("✕", "bold red"), SKIPPED: ("-", "dim")}
_Check = Callable[[], Iterator[Finding]]


@click.command()
@click.option(
    "--env-file",
    envvar="RELAY_LOCAL_ENV_FILE",  # as for the relay itself
    type=click.Path(path_type=Path),
    default=None,
    help="The configuration to examine, beside the environment. [default: RELAY_LOCAL_ENV_FILE, .env, else the "
    "service's, else repos.env]",
)
@click.option("--set-up", "is_set_up", is_flag=True, help="Only what a text needs to get through, link by link.")
@click.option("--text-handlers", is_flag=True, help="Text each handler, and wait for an answer. Asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_json
@click.pass_obj
def doctor(context: Context, env_file: Path | None, is_set_up: bool, text_handlers: bool, yes: bool) -> None:
    """Check registration, credentials, numbers, webhooks, handlers, alarms, configuration, disk, timers and clocks.

    Nothing is changed, and no one is texted but the handlers, with --text-handlers.
    """
    told = context.at_google.settings() if context.at_google else {}
    if not (env_file or context.at_google or (ROOT / ".env").exists()) and os.path.isfile(_SERVICES_SETTINGS):
        env_file, told = _SERVICES_SETTINGS, {"RELAY_DATABASE": str(SERVICES_DATABASE)}
    given = checks_configuration.Given.read(env_file, ROOT, {**told, **os.environ})
    if text_handlers and not _agreed(context, yes=yes):
        context.say("Nothing was texted.")
        return
    findings = []
    for finding in examine(context, given, only_set_up=is_set_up, text_handlers=text_handlers):
        findings.append(finding)
        if not context.as_json:
            _tell(context, finding)
    bad = sum(finding.state == BAD for finding in findings)
    warnings = sum(finding.state == WARNING for finding in findings)
    context.give({"healthy": not bad, "checks": [finding.as_json() for finding in findings]})
    if bad or warnings:
        context.say(f"\n{bad} to be repaired, {warnings} to be looked at. More: docs/operations.md")
    else:
        context.say("\n[green]Nothing is wrong.[/green]")
    if bad:
        raise click.exceptions.Exit(1)


def _agreed(context: Context, *, yes: bool) -> bool:
    if yes:
        return True
    if context.as_json or not is_for_people():
        raise click.ClickException("Nothing was texted: there is no terminal to ask at, so say --yes.")
    return click.confirm("Text every handler now? It costs a text each, and phones ring.")


def examine(
    context: Context, given: checks_configuration.Given, *, only_set_up: bool = False, text_handlers: bool = False
) -> Iterator[Finding]:
    """Every check in turn; none stops the others."""
    checks = _set_up(context, given, text_handlers=text_handlers)
    for check in checks if only_set_up else [*checks, *_the_rest(context, given)]:
        try:
            yield from check()
        except (ApiError, NoToken) as error:
            yield Finding("relay answers", BAD, str(error), "Nothing can be said about relays until it does.")
        except Problem as problem:
            yield Finding("credentials", BAD, str(problem), "Nothing can be said about the account until then.")


def _set_up(context: Context, given: checks_configuration.Given, *, text_handlers: bool) -> Sequence[_Check]:
    """The chain by which a text gets through, a check for each link; what takes weeks first."""
    return (
        lambda: checks_twilio.registered(given.values),
        lambda: checks_twilio.credentials(given.values),
        lambda: checks_twilio.numbers(given.values),
        lambda: checks_webhooks.signatures(given.values),
        (lambda: checks_handlers.texted(context.api, given.values, context.say))
        if text_handlers
        else (lambda: checks_handlers.last_delivered(context.api, given.values)),
        lambda: checks_alarms.channels(given, lambda: context.api.alarm_channels()),
    )


def _the_rest(context: Context, given: checks_configuration.Given) -> Sequence[_Check]:
    at_google = (lambda: checks_google.schedules(given.values), lambda: checks_google.queues(given.values))
    return (
        lambda: checks_configuration.configuration(given),
        lambda: checks_configuration.private_files(given, ROOT),
        lambda: checks_disk.disk(given, ROOT),
        lambda: checks_disk.told_by(context.url),
        lambda: checks_configuration.heartbeat(given),
        lambda: checks_relay.relay(context.api, given.our_numbers),
        lambda: checks_media.links(given.values),
        lambda: checks_console.console(given.values),
        *(() if given.is_embedded(context.url) else at_google),
    )


def _tell(context: Context, finding: Finding) -> None:
    sign, style = _SIGNS[finding.state]
    context.say(Text.assemble((f"{sign} ", style), (f"{finding.name}: ", "bold"), finding.words))
    if finding.advice and finding.state != OK:
        context.say(Padding(Text(finding.advice, "yellow" if finding.state != SKIPPED else "dim"), (0, 0, 0, 2)))
