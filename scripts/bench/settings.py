"""The one made-up account, its numbers, and the environments in which the functions under test run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from scripts.bench import ROOT

FUNCTIONS = ROOT / "functions"
BENCH = Path(__file__).resolve().parent

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "0123456789abcdef" * 2  # made up; the fake Twilio and the function only have to agree
PUBLIC_BASE_URL = "https://relay.example.com"
# 202-555-01XX is set aside for made-up people.
BUSINESS_PHONE = "+12025550100"
CUSTOMER_PHONE = "+12025550142"
HANDLER_PHONES = ("+12025550111", "+12025550112", "+12025550113")


def tiers(retry_delays_seconds: tuple[float, ...] = (2.0, 4.0, 8.0)) -> str:
    """RELAY_TIERS with the three handlers. No deadline comes up while a bench runs."""
    return json.dumps(
        [
            {
                "name": f"tier {number}",
                "phone": phone,
                "retry_delays_seconds": list(retry_delays_seconds),
                "receipt_timeout_seconds": 36000,
            }
            for number, phone in enumerate(HANDLER_PHONES, start=1)
        ]
    )


def _base() -> dict[str, str]:
    """Only what a process needs to run at all, so that the caller's own settings do not leak in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join((str(FUNCTIONS), str(ROOT))),
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "PUBLIC_BASE_URL": PUBLIC_BASE_URL,
        "BUSINESS_PHONE_NUMBER": BUSINESS_PHONE,
        "RELAY_TIERS": tiers(),
    }


def google(
    *, firestore: str = "127.0.0.1:9", tasks: str = "127.0.0.1:9", twilio: str = "http://127.0.0.1:9"
) -> dict[str, str]:
    """The google home with these stand-ins; by default none, at the port where nothing listens."""
    return {
        **_base(),
        "RELAY_BACKEND": "google",
        "GOOGLE_CLOUD_PROJECT": "bench",
        "TASKS_LOCATION": "us-central1",
        "ESCALATION_URL_TEMPLATE": "http://127.0.0.1:9/escalate/{tier}",
        "TASKS_INVOKER_EMAIL": "tasks@bench.example.com",
        "FIRESTORE_EMULATOR_HOST": firestore,
        "CLOUD_TASKS_EMULATOR_HOST": tasks,
        "TWILIO_API_BASE_URL": twilio,
    }


def embedded(database: Path, twilio: str) -> dict[str, str]:
    """The embedded home in this file."""
    return {**_base(), "RELAY_BACKEND": "embedded", "RELAY_DATABASE": str(database), "TWILIO_API_BASE_URL": twilio}


def python() -> str:
    return sys.executable
