"""The commands of the local stack; `make run`, `make demo` and `make serve` call them."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from relay.errors import ConfigurationError, StoreUnavailable
from relay.settings.variables import ENTRY_POINTS

from scripts.local_stack import ROOT, interruption
from scripts.local_stack.running import StackError


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all went well, 1 with one clear sentence when the stack cannot run, 2 for unusable arguments."""
    options = _parse(arguments)
    interruption.listen()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Customers write what they like, and not every terminal has a character for it.
        sys.stdout.reconfigure(errors="replace")
    try:
        if options.command == "serve":
            from scripts.local_stack.serve import serve

            return serve(options.target, _port(options.port, "8080"))
        from scripts.local_stack import stack

        if options.command == "demo":
            return stack.demo(options.backend)
        return stack.run(options.backend, _port(options.port, "8080"))
    except (ConfigurationError, StackError) as error:
        print(error, file=sys.stderr)
        return 1
    except StoreUnavailable as error:
        print(f"The relays cannot be read: {error}.", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("relay", "scripts"):
            raise
        print(_without_packages(error.name), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _without_packages(name: str) -> str:
    """Says what to do where a package is missing. A service meets that after each upgrade of its machine's Python."""
    return (
        f"Python {sys.version.split()[0]} lacks a package that the relay needs ({name}): was this Python upgraded, or "
        f"the relay? Run `make .venv/.run` in {ROOT}, then start again."
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.local_stack", description="The whole relay, locally.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything, play a text cascading, stay up until Ctrl-C")
    demo = commands.add_parser("demo", help="play it once and check that tier 3 delivered")
    serve = commands.add_parser("serve", help="one function under functions-framework, as it is deployed")
    serve.add_argument("target", choices=sorted(ENTRY_POINTS), metavar="TARGET", help=", ".join(sorted(ENTRY_POINTS)))
    backend = os.environ.get("BACKEND") or "embedded"
    for command in (run, demo):
        command.add_argument("--backend", choices=("embedded", "google"), default=backend)
    for command in (run, serve):
        command.add_argument("--port", help="default: PORT, else 8080; 0 takes a free one")
    options = parser.parse_args(arguments)
    if getattr(options, "backend", "embedded") not in ("embedded", "google"):
        parser.error("BACKEND is neither embedded nor google")
    return options


def _port(given: str | None, default: str) -> int:
    text = given or os.environ.get("PORT") or default
    if not text.isdecimal() or int(text) > 65535:
        raise StackError(f"PORT is not a number from 0 to 65535: {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
