"""The whole relay on one machine: `python -m scripts.local_stack run | demo | serve TARGET`.

`run` serves every entry point at one address and plays a text cascading on the terminal; `demo` does it once and
checks the end; `serve` runs one function under functions-framework as it is deployed. Twilio is a fake one, with a page
full of phones, unless real credentials are configured.

Who does what: `environment` decides the settings, `supervisor` starts the processes and ends them, `server` and
`application` are the one that answers, `page_app` and `set_up` what the browser asks for, `google_services` the one
with the emulators, `scenario`, `screen` and `unhurried` what is shown on the terminal, `page/` what the browser shows.
`places` says where relays lie, `running` whether one is at work, and `apart` whose they are; `clean` and `forget` are
what `make clean` and `make forget-relays` do, with nothing but the standard library.
"""

import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The relay's modules, as functions-framework finds them: main.py's folder, after everything else.
if str(ROOT / "functions") not in sys.path:
    sys.path.append(str(ROOT / "functions"))


def python() -> str:
    """The Python to be typed for a command of ours: this one, which has the packages (`.venv` after make)."""
    path = Path(sys.executable)
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
