"""Commands that deploy the relay and keep the deployment: `python -m scripts.deployment.NAME`, or make.

`deploy` runs Terraform, `manage_secrets` fills Secret Manager and rotates the auth token, `smoke` sends a text through
the relay, `configure_number` points a Twilio number at it, `terraform_docs` writes the tables of terraform/README.md.
`applying`, `first_values` and `regions` are parts of `deploy`; `tools`, `terraform` and `state` are what all share;
`deployed` finds a relay at Google by its project, and `asking` tells its answers from Google's own.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The relay's modules, as functions-framework finds them: main.py's folder, after everything else.
if str(ROOT / "functions") not in sys.path:
    sys.path.append(str(ROOT / "functions"))
