"""Environments for tests of the configuration: complete ones, to be broken in one place at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

TOKEN, OTHER_TOKEN, API_SECRET = "0123456789abcdef" * 2, "fedcba9876543210" * 2, "k3y-s3cr3t"
BUSINESS, FIRST, SECOND, THIRD = "+15550100100", "+15550100001", "+15550100002", "+15550100003"

EMBEDDED = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "PUBLIC_BASE_URL": "https://relay.example.com",
    "BUSINESS_PHONE_NUMBER": BUSINESS,
    "PRIMARY_HANDLER_PHONE": FIRST,
    "SECONDARY_HANDLER_PHONE": SECOND,
    "BACKUP_HANDLER_PHONE": THIRD,
}
GOOGLE = {
    **EMBEDDED,
    "GOOGLE_CLOUD_PROJECT": "my-project",
    "TASKS_LOCATION": "europe-west3",
    "ESCALATION_URL_TEMPLATE": "https://escalate-tier-{tier}.example.run.app",
    "TASKS_INVOKER_EMAIL": "tasks@my-project.iam.gserviceaccount.com",
    "ESCALATION_TIER": "2",
    "RELAY_STATE_AUDIENCE": "https://relay.example.com",
    "RELAY_STATE_ALLOWED_EMAILS": "operator@example.com",
    "EVENTS_TOPIC": "relay-events",
    "DEAD_LETTER_TOPIC": "relay-dead-letters",
}


class Watched(Mapping[str, str]):
    """An environment that remembers whose values were looked at. Going through the names alone is no look."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.looked_at: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.looked_at.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
