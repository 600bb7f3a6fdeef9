"""A stand-in for gcloud: a program that keeps secrets in a file, remembers its calls, and knows no other command.

Run by the commands under test as `gcloud`; GCLOUD_STATE names its file. Every call is remembered with its arguments
and, apart from them, what came in through the pipe.
"""

from __future__ import annotations

import json
import os
import sys

# A test starts this program up to a dozen times: `pathlib` and `typing` would be a third of each start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    State = dict[str, Any]

EMPTY: State = {
    "logged_in": True,
    "application_login": True,
    "secrets": {},  # entry → list of versions, oldest first; None is a destroyed one
    "functions": [],
    "inactive": [],  # those of them whose last deployment failed; None: gcloud may not list them
    "regions": {},  # service, as gcloud calls it → its list; None where it is not switched on
    "calls": [],
    "listed": [],  # the functions as JSON, for who asks for that
    "token": "aaa.bbb.ccc",  # an operator's; None: no right to it
}


def main(arguments: list[str]) -> int:
    path = os.environ["GCLOUD_STATE"]
    with open(path) as file:
        state: State = json.load(file)
    piped = sys.stdin.read() if "--data-file=-" in arguments else ""
    state["calls"].append({"arguments": arguments, "piped": piped})
    words = [argument for argument in arguments if not argument.startswith("--")]
    options = dict(argument[2:].partition("=")[::2] for argument in arguments if argument.startswith("--"))
    try:
        code, text = answer(state, words, options, piped)
    finally:
        with open(path, "w") as file:
            json.dump(state, file)
    print(text, end="\n" if text else "", file=sys.stdout if code == 0 else sys.stderr)
    return code


def answer(state: State, words: list[str], options: dict[str, str], piped: str) -> tuple[int, str]:
    """The exit code and what is printed."""
    secrets: dict[str, list[str | None]] = state["secrets"]
    match words:
        case ["auth", "print-access-token"]:
            return (0, "token") if state["logged_in"] else (1, "ERROR: You do not currently have an active account")
        case ["auth", "application-default", "print-access-token"]:
            return (0, "token") if state["application_login"] else (1, "ERROR: no application default credentials")
        case ["auth", "print-identity-token"]:
            denied = "ERROR: (gcloud.auth.print-identity-token) PERMISSION_DENIED: Permission denied on resource"
            return (0, state["token"]) if state["token"] else (1, denied)
        case ["functions", "list"] if options["format"].startswith("json"):
            return 0, json.dumps(state["listed"])
        case ["secrets", "list"]:
            return 0, "\n".join(secrets)
        case ["secrets", "versions", "list", name]:
            numbers = [str(number) for number, value in enumerate(secrets[name], start=1) if value is not None]
            newest_first = numbers[::-1][: int(options.get("limit", len(numbers)))]
            return 0, "\n".join(newest_first)
        case ["secrets", "versions", "access", "latest"]:
            values = [value for value in secrets[options["secret"]] if value is not None]
            return (0, values[-1]) if values else (1, "ERROR: NOT_FOUND: no versions")
        case ["secrets", "versions", "add", name]:
            secrets[name].append(piped)
            return 0, f"Created version [{len(secrets[name])}] of the secret [{name}]."
        case ["secrets", "versions", "disable", _]:
            return 0, ""
        case ["secrets", "versions", "destroy", number]:
            secrets[options["secret"]][int(number) - 1] = None
            return 0, ""
        case ["functions", "list"] if options["filter"].endswith(" AND state!=ACTIVE"):
            failed = state["inactive"]
            return (1, "ERROR: PERMISSION_DENIED") if failed is None else (0, "\n".join(failed))
        case ["functions", "list"]:
            return 0, "\n".join(state["functions"])
        case [service, "locations" | "regions", "list"]:
            regions = state["regions"].get(service, ["europe-west1", "us-central1"])
            return (1, "ERROR: SERVICE_DISABLED") if regions is None else (0, "\n".join(regions))
        case ["run", "services", "update", name] if name in state["functions"]:
            return 0, ""
    return 2, f"ERROR: this stand-in does not know {words}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
