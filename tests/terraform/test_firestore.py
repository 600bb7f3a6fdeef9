"""The database: protected, expiring, and indexed for the code's queries and nothing else."""

from __future__ import annotations

from collections import Counter

import pytest
from relay.google.queries import QUERIES, Index, index_for
from relay.record.documents import to_document

from tests.relays import received
from tests.terraform.deployment import Deployment, Values
from tests.terraform.test_functions import RUNS


def composite_index(values: Values) -> Index:
    return tuple((field["field_path"], field["order"]) for field in values["fields"])


def single_field_indexes(deployment: Deployment) -> dict[str, list[Values]]:
    """The indexes that each field with settings of its own has; "*" stands for all the others."""
    fields = [
        values for address, values in deployment.resources.items() if address.startswith("google_firestore_field")
    ]
    return {
        field["field"]: [index for config in field["index_config"] for index in config["indexes"]] for field in fields
    }


@pytest.mark.parametrize("run", RUNS)
def test_every_query_on_several_fields_has_its_index_and_every_index_its_query(
    deployments: dict[str, Deployment], run: str
) -> None:
    made = [composite_index(values) for values in deployments[run].all("google_firestore_index").values()]
    needed = [index for index in map(index_for, QUERIES.values()) if len(index) > 1]
    assert Counter(made) == Counter(needed)


def test_every_query_on_one_field_has_its_index_and_no_other_field_has_one(deployment: Deployment) -> None:
    made = {
        (field, index["order"], index["query_scope"])
        for field, indexes in single_field_indexes(deployment).items()
        for index in indexes
    }
    needed = [index for index in map(index_for, QUERIES.values()) if len(index) == 1]
    assert made == {(field, order, "COLLECTION") for ((field, order),) in needed}


def test_bodies_trails_and_everything_that_no_query_needs_are_exempt(deployment: Deployment) -> None:
    indexes = single_field_indexes(deployment)
    exempt = {field for field in to_document(received().relay) if not indexes.get(field, indexes["*"])}
    assert {"message_body", "error_log", "attempts", "policy", "expires_at", "tier_1_status"} <= exempt
    assert set(to_document(received().relay)) - exempt == {"due_at", "timestamp"}


def test_a_field_that_the_code_will_add_is_exempt_too(deployment: Deployment) -> None:
    assert single_field_indexes(deployment)["*"] == []
    assert deployment.one("google_firestore_field.unindexed")["index_config"] == [{"indexes": []}]


def test_relays_expire_by_the_field_that_says_when(deployment: Deployment) -> None:
    expiring = [
        values["field"]
        for address, values in deployment.resources.items()
        if address.startswith("google_firestore_field") and values["ttl_config"]
    ]
    assert expiring == ["expires_at"]
    assert "expires_at" in to_document(received().relay)


def test_indexes_and_expiry_are_on_the_collection_that_the_functions_use(deployments: dict[str, Deployment]) -> None:
    for run in RUNS:
        collection = deployments[run].functions["sms-inbound"].environment["RELAY_COLLECTION"]
        database = deployments[run].functions["sms-inbound"].environment["FIRESTORE_DATABASE"]
        for address, values in deployments[run].resources.items():
            if address.startswith(("google_firestore_field", "google_firestore_index")):
                assert (values["collection"], values["database"]) == (collection, database), address


def test_the_database_can_be_restored_and_survives_a_destroy(deployment: Deployment) -> None:
    database = deployment.one("google_firestore_database.this[0]")
    assert database["type"] == "FIRESTORE_NATIVE"
    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    assert database["deletion_policy"] == "ABANDON"
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    backup = deployment.one("google_firestore_backup_schedule.daily")
    assert backup["retention"] == f"{14 * 86400}s"
    assert len(backup["daily_recurrence"]) == 1


@pytest.mark.parametrize(("run", "policy"), [("defaults", "ABANDON"), ("every_option", "DELETE")])
def test_a_database_that_survives_a_destroy_goes_on_expiring_its_texts(
    deployments: dict[str, Deployment], run: str, policy: str
) -> None:
    made = deployments[run].resources.items()
    fields = [values for address, values in made if address.startswith("google_firestore_field")]
    database = deployments[run].one("google_firestore_database.this[0]")
    assert len(fields) == 4
    assert {values["deletion_policy"] for values in [database, *fields]} == {policy}


def test_document_writes_trigger_the_event_function_and_are_tried_again(deployments: dict[str, Deployment]) -> None:
    for run in RUNS:
        function = deployments[run].functions["relay-events"]
        (trigger,) = function.values["event_trigger"]
        filters = {item["attribute"]: (item["value"], item["operator"]) for item in trigger["event_filters"]}
        assert trigger["event_type"] == "google.cloud.firestore.document.v1.written"
        assert trigger["retry_policy"] == "RETRY_POLICY_RETRY"
        assert filters["database"][0] == function.environment["FIRESTORE_DATABASE"]
        assert filters["document"] == (
            f"{function.environment['RELAY_COLLECTION']}/{{message_id}}",
            "match-path-pattern",
        )
        others = [other for name, other in deployments[run].functions.items() if name != "relay-events"]
        assert not any(other.values["event_trigger"] for other in others)


def test_each_verb_on_documents_is_a_role_of_its_own(deployment: Deployment) -> None:
    roles = deployment.all("google_project_iam_custom_role.store")
    assert {verb: role["permissions"] for verb, role in roles.items()} == {
        verb: [f"datastore.entities.{verb}"] for verb in ("get", "list", "create", "update")
    }


def test_nobody_may_delete_documents_and_only_who_takes_texts_in_may_create_them(deployment: Deployment) -> None:
    holders = {
        verb: deployment.functions_among(binding["members"])
        for verb, binding in deployment.all("google_project_iam_binding.store").items()
    }
    escalation = {"escalate-tier-1", "escalate-tier-2", "escalate-tier-3"}
    assert "delete" not in holders
    assert holders["create"] == {"sms-inbound", "reconcile"}
    assert holders["list"] == {"sms-relay-state", "sweep", "reconcile"} | escalation
    assert holders["update"] == {"sms-inbound", "sms-delivery-status", "sms-redrive", "sweep", "reconcile"} | escalation
    assert holders["get"] == holders["update"] | {"sms-relay-state"}


def test_rights_on_documents_end_at_this_database(deployment: Deployment) -> None:
    for binding in deployment.all("google_project_iam_binding.store").values():
        (condition,) = binding["condition"]
        assert condition["expression"] == 'resource.name == "projects/demo-project/databases/(default)"'
