"""The operator's command: what happened to that text, in a terminal. `python -m scripts.relayctl --help`.

It asks /sms/relay-state, /sms/redrive and /sms/threads, with the operator's identity token as the console does, so it
is the same for every home, on this machine or far away. `doctor` also looks at this machine's configuration.

Who does what: `api` and `tokens` talk to the relay, `looking` and `counting` list and count, `story_text` draws one
relay, `watching` follows, `threads` shows conversations and acts on them, `redriving` and `batch` start relays again,
`doctor` and `checks_…` examine, `output` prints tables or JSON.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The relay's own modules (error codes, configuration), which live beside main.py.
if str(ROOT / "functions") not in sys.path:
    sys.path.append(str(ROOT / "functions"))
