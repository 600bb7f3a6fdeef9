"""`doctor`: examine the relay and this machine, and say what to do about what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.padding import Padding
from rich.text import Text

from scripts.relayctl import ROOT, checks_configuration, checks_disk, checks_relay, checks_twilio, checks_webhooks
from scripts.relayctl.api import ApiError
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from scripts.relayctl.output import Context, with_json
from scripts.relayctl.tokens import NoToken

_SIGNS = {OK: ("✓", "green"), WARNING: ("!", "yellow"), BAD: ("✕", "bold red"), SKIPPED: ("-", "dim")}


@click.command()
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    default=None,
    help="The configuration to examine, beside the environment. [default: .env, else repos.env]",
)
@with_json
@click.pass_obj
def doctor(context: Context, env_file: Path | None) -> None:
    """Check configuration, secrets' files, the disk, the Twilio number, webhooks, timers and sweep, and clocks."""
    findings = []
    for finding in examine(context, env_file):
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


def examine(context: Context, env_file: Path | None) -> Iterator[Finding]:
    """Every check in turn; none stops the others."""
    given = checks_configuration.Given.read(env_file, ROOT, os.environ)
    checks: list[Callable[[], Iterator[Finding]]] = [
        lambda: checks_configuration.configuration(given),
        lambda: checks_configuration.private_files(given, ROOT),
        lambda: checks_disk.disk(given, ROOT),
        lambda: checks_disk.told_by(context.url),
        lambda: checks_configuration.heartbeat(given),
        lambda: checks_relay.relay(context.api, given.our_numbers),
        lambda: checks_twilio.numbers(given.values),
        lambda: checks_twilio.texts(given.values),
        lambda: checks_webhooks.signatures(given.values),
        lambda: checks_twilio.schedules(given.values),
        lambda: checks_twilio.queues(given.values),
    ]
    for check in checks:
        try:
            yield from check()
        except (ApiError, NoToken) as error:
            yield Finding("relay answers", BAD, str(error), "Nothing can be said about relays until it does.")


def _tell(context: Context, finding: Finding) -> None:
    sign, style = _SIGNS[finding.state]
    context.say(Text.assemble((f"{sign} ", style), (f"{finding.name}: ", "bold"), finding.words))
    if finding.advice and finding.state != OK:
        context.say(Padding(Text(finding.advice, "yellow" if finding.state != SKIPPED else "dim"), (0, 0, 0, 2)))
