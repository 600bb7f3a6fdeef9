"""Local stand-ins for the Google services the relay uses.

`emulators` runs Google's own Firestore and Pub/Sub emulators, `cloud_tasks` is a small Cloud Tasks server
(Google offers none), `issuer` mints and publishes identity tokens. Nothing here is deployed.
"""

import sys
from pathlib import Path

_FUNCTIONS = str(Path(__file__).resolve().parents[2] / "functions")
# The relay's modules, as functions-framework finds them: main.py's folder, after everything else.
if _FUNCTIONS not in sys.path:
    sys.path.append(_FUNCTIONS)
