"""Relay events on Pub/Sub, and their export."""

from __future__ import annotations

import json

from tests.terraform.deployment import Deployment


def test_events_and_dead_letters_have_topics_that_the_event_function_knows(deployment: Deployment) -> None:
    environment = deployment.functions["relay-events"].environment
    assert environment["EVENTS_TOPIC"] == deployment.one("google_pubsub_topic.events")["name"]
    assert environment["DEAD_LETTER_TOPIC"] == deployment.one("google_pubsub_topic.dead_letters")["name"]


def test_events_are_handed_out_in_order_and_what_is_refused_again_and_again_is_put_aside(
    deployment: Deployment,
) -> None:
    subscription = deployment.one("google_pubsub_subscription.events")
    (policy,) = subscription["dead_letter_policy"]
    assert subscription["topic"] == deployment.one("google_pubsub_topic.events")["id"]
    assert subscription["enable_message_ordering"] is True
    assert policy["dead_letter_topic"] == deployment.one("google_pubsub_topic.undeliverable")["id"]
    assert 5 <= policy["max_delivery_attempts"] <= 100


def test_pubsub_itself_may_put_aside(deployment: Deployment) -> None:
    pubsub = f"serviceAccount:{deployment.one('google_project_service_identity.pubsub')['email']}"
    grants = {(role, member) for address, role, member in deployment.grants() if ".undeliverable" in address}
    assert grants == {("roles/pubsub.publisher", pubsub), ("roles/pubsub.subscriber", pubsub)}


def test_a_topic_without_a_subscription_would_lose_what_is_published(deployment: Deployment) -> None:
    made = deployment.resources.items()
    topics = {values["id"] for address, values in made if address.startswith("google_pubsub_topic.")}
    subscribed = {values["topic"] for address, values in made if address.startswith("google_pubsub_subscription.")}
    assert topics == subscribed


def test_no_subscription_is_deleted_because_nobody_reads_it(deployments: dict[str, Deployment]) -> None:
    for deployment in deployments.values():
        for address, values in deployment.resources.items():
            if address.startswith("google_pubsub_subscription."):
                assert values["expiration_policy"] == [{"ttl": ""}], address


def test_events_are_exported_only_when_that_is_asked_for(deployments: dict[str, Deployment]) -> None:
    assert not any(address.startswith("google_bigquery") for address in deployments["defaults"].resources)
    exporting = deployments["every_option"]
    table = exporting.one("google_bigquery_table.events[0]")
    columns = {column["name"]: column["type"] for column in json.loads(table["schema"])}
    # What a subscription without a schema writes, with its metadata.
    assert columns == {
        "subscription_name": "STRING",
        "message_id": "STRING",
        "publish_time": "TIMESTAMP",
        "data": "JSON",
        "attributes": "JSON",
    }
    (config,) = exporting.one("google_pubsub_subscription.export[0]")["bigquery_config"]
    assert config["table"] == "demo-project.sms_relay.relay_events"
    assert config["write_metadata"] is True


def test_protected_events_survive_a_destroy_and_unprotected_ones_do_not(deployments: dict[str, Deployment]) -> None:
    table = deployments["every_option"].one("google_bigquery_table.events[0]")
    assert (table["deletion_policy"], table["deletion_protection"]) == ("DELETE", False)
