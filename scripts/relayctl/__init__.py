"""The operator's command: what happened to that text, in a terminal. `python -m scripts.relayctl --help`.

It asks /sms/relay-state, /sms/redrive and /sms/threads as the console does, so it is the same for every home: on the
relay's own machine with the relay's credential, far away with an identity token. `doctor` also looks at this machine's
configuration.

Who does what: `api`, `tokens` and `credential` talk to the relay, `at_google` finds one by its project, `links` makes
what signs in at the console, `ids` finds the relay that is meant, `looking` and `counting` list and count, `story_text`
draws one relay, `watching` follows, `threads` shows conversations and acts on them, `redriving` and `batch` start
relays again, `handling` notes that they were seen to, `photos` saves their files, `doctor` and `checks_…` examine,
`output` prints tables or JSON.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The relay's own modules (error codes, configuration), which live beside main.py.
if str(ROOT / "functions") not in sys.path:
    sys.path.append(str(ROOT / "functions"))
