"""Relay events on Pub/Sub, and their export."""

from __future__ import annotations

import json

import pytest

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


def test_exported_events_are_written_once_pubsub_may_write_them(deployments: dict[str, Deployment]) -> None:
    exporting = deployments["every_option"]
    pubsub = f"serviceAccount:{exporting.one('google_project_service_identity.pubsub')['email']}"
    grant = exporting.one("google_bigquery_dataset_iam_member.pubsub_writes[0]")
    assert (grant["dataset_id"], grant["role"], grant["member"]) == ("sms_relay", "roles/bigquery.dataEditor", pubsub)
    waited_for = exporting.waited_for["google_pubsub_subscription.export[0]"]
    assert {"google_bigquery_table.events", "time_sleep.pubsub_writes"} <= waited_for
    assert "google_bigquery_dataset_iam_member.pubsub_writes" in exporting.waited_for["time_sleep.pubsub_writes[0]"]
    # A right is usually everywhere after two minutes (IAM, "Access change propagation").
    assert exporting.one("time_sleep.pubsub_writes[0]")["create_duration"] == "120s"


@pytest.mark.parametrize(("run", "policy"), [("without_gateway", "ABANDON"), ("every_option", "DELETE")])
def test_protected_events_survive_a_destroy_and_unprotected_ones_do_not(
    deployments: dict[str, Deployment], run: str, policy: str
) -> None:
    """The dataset would take its table with it, so both say the same."""
    dataset = deployments[run].one("google_bigquery_dataset.events[0]")
    table = deployments[run].one("google_bigquery_table.events[0]")
    assert (dataset["deletion_policy"], table["deletion_policy"]) == (policy, policy)
    assert dataset["delete_contents_on_destroy"] is (policy == "DELETE")
    assert table["deletion_protection"] is False, "or a destroy fails half way"


def test_events_that_a_destroy_left_are_written_to_and_not_made_again(deployments: dict[str, Deployment]) -> None:
    again = deployments["database_that_exists"]
    made = [address for address in again.resources if address.startswith("google_bigquery")]
    assert made == ["google_bigquery_dataset_iam_member.pubsub_writes[0]"]
    assert again.one(made[0])["dataset_id"] == "sms_relay"
    (config,) = again.one("google_pubsub_subscription.export[0]")["bigquery_config"]
    assert config["table"] == "demo-project.sms_relay.relay_events"
