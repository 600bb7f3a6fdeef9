"""A stand-in for terraform: keeps its calls in TERRAFORM_CALLS, prints TERRAFORM_OUTPUT or TERRAFORM_SHOW, can fail."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    words = [argument for argument in arguments if not argument.startswith("-chdir=")]
    path = Path(os.environ["TERRAFORM_CALLS"])
    path.write_text(json.dumps([*json.loads(path.read_text()), words]))
    if words[:2] == ["output", "-json"]:
        print(os.environ.get("TERRAFORM_OUTPUT", "{}"))
    if words[:2] == ["show", "-json"]:
        print(os.environ.get("TERRAFORM_SHOW", '{"format_version": "1.0"}'))
    return 1 if words[0] == os.environ.get("TERRAFORM_FAILS") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
