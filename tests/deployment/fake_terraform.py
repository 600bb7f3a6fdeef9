"""A stand-in for terraform: keeps its calls in TERRAFORM_CALLS, with their workspaces, and prints what it is told to.

Of a state it prints TERRAFORM_SHOW, for the workspace in TERRAFORM_SHOW_IN alone, of one plan after another
TERRAFORM_PLANS, and TERRAFORM_WORKSPACES as those that there are.
TERRAFORM_FAILS names what fails. TERRAFORM_ERRORS are what `apply` says one time after another, "" when it succeeds;
with TERRAFORM_UNCHANGED there is nothing to change.
"""

from __future__ import annotations

import json
import os
import sys

EMPTY = '{"format_version": "1.0"}'
ONE_CHANGE = '{"resource_changes": [{"address": "a.b", "change": {"actions": ["create"]}}]}'


def main(arguments: list[str]) -> int:
    words = [argument for argument in arguments if not argument.startswith("-chdir=")]
    path = os.environ["TERRAFORM_CALLS"]
    with open(path) as file:
        earlier = json.load(file)
    workspace = os.environ.get("TF_WORKSPACE", "")
    variables = {name: value for name, value in os.environ.items() if name.startswith("TF_VAR_")}
    with open(path, "w") as file:
        json.dump([*earlier, {"words": words, "workspace": workspace, "variables": variables}], file)
    show_in = os.environ.get("TERRAFORM_SHOW_IN")
    match words:
        case ["show", "-json", "-no-color"]:
            print(os.environ.get("TERRAFORM_SHOW", EMPTY) if show_in in (None, workspace) else EMPTY)
        case ["show", "-json", "-no-color", _]:
            plans = json.loads(os.environ.get("TERRAFORM_PLANS", "[]")) or [ONE_CHANGE]
            shown = sum(call["words"][:1] == ["show"] and len(call["words"]) == 4 for call in earlier)
            print(plans[min(shown, len(plans) - 1)])
        case ["state", "pull"]:
            print('{"serial": 7, "resources": [1]}')
        case ["workspace", "list", *_]:
            print("\n".join(f"  {name}" for name in os.environ.get("TERRAFORM_WORKSPACES", "default").split()))
    if words[0] == os.environ.get("TERRAFORM_FAILS"):
        return 1
    errors = json.loads(os.environ.get("TERRAFORM_ERRORS", "[]"))
    tried = sum(call["words"][0] == "apply" for call in earlier)
    if words[0] == "apply" and tried < len(errors) and errors[tried]:
        print(errors[tried], file=sys.stderr)
        return 1
    return 2 if "-detailed-exitcode" in words and not os.environ.get("TERRAFORM_UNCHANGED") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
