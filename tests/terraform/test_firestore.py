"""The database: protected, expiring, and indexed for the code's queries and nothing else."""

from __future__ import annotations

from collections import Counter

import pytest
from relay.google.places import OPERATORS, SUFFIXES, Place
from relay.google.queries import QUERIES, Index, index_for
from relay.record import thread_documents
from relay.record.documents import to_document
from relay.record.kinds import Kind
from relay.settings.variables import ENTRY_POINTS, Need

from tests.relays import received
from tests.terraform.deployment import Deployment, Values
from tests.terraform.test_functions import RUNS
from tests.thread_records import FULL

FIELD = "google_firestore_field"


OfCollection = dict[str, list[Values]]


def composite_index(values: Values) -> Index:
    return tuple((field["field_path"], field["order"] or field["array_config"]) for field in values["fields"])


def suffix_of(deployment: Deployment, values: Values) -> str:
    """What a collection is called beside that of the relays."""
    collection = deployment.functions["sms-inbound"].environment["RELAY_COLLECTION"]
    return str(values["collection"]).removeprefix(collection)


def fields_of(deployment: Deployment, kind: Place) -> list[Values]:
    """The fields with settings of their own, of one kind of records."""
    fields = [values for address, values in deployment.resources.items() if address.startswith(FIELD)]
    return [values for values in fields if suffix_of(deployment, values) == SUFFIXES[kind]]


def single_field_indexes(deployment: Deployment, kind: Place = Kind.RELAY) -> OfCollection:
    """The indexes that each field with settings of its own has; "*" stands for all the others."""
    return {
        field["field"]: [index for config in field["index_config"] for index in config["indexes"]]
        for field in fields_of(deployment, kind)
    }


@pytest.mark.parametrize("run", RUNS)
def test_every_query_on_several_fields_has_its_index_and_every_index_its_query(
    deployments: dict[str, Deployment], run: str
) -> None:
    created = deployments[run].all("google_firestore_index").values()
    made = [(suffix_of(deployments[run], values), composite_index(values)) for values in created]
    needed = [(SUFFIXES[shape.kind], index_for(shape)) for shape in QUERIES.values() if len(index_for(shape)) > 1]
    assert Counter(made) == Counter(needed)


@pytest.mark.parametrize("kind", SUFFIXES)
def test_every_query_on_one_field_has_its_index_and_no_other_field_has_one(deployment: Deployment, kind: Place) -> None:
    made = {
        (field, index["order"], index["query_scope"])
        for field, indexes in single_field_indexes(deployment, kind).items()
        for index in indexes
    }
    needed = [index_for(shape) for shape in QUERIES.values() if shape.kind == kind and len(index_for(shape)) == 1]
    assert made == {(field, order, "COLLECTION") for ((field, order),) in needed}


def test_bodies_trails_and_everything_that_no_query_needs_are_exempt(deployment: Deployment) -> None:
    indexes = single_field_indexes(deployment)
    exempt = {field for field in to_document(received().relay) if not indexes.get(field, indexes["*"])}
    assert {"message_body", "error_log", "attempts", "policy", "expires_at", "tier_1_status"} <= exempt
    assert set(to_document(received().relay)) - exempt == {"due_at", "timestamp"}


@pytest.mark.parametrize("kind", SUFFIXES)
def test_a_field_that_the_code_will_add_is_exempt_too(deployment: Deployment, kind: Place) -> None:
    assert single_field_indexes(deployment, kind)["*"] == []
    (unindexed,) = [values for values in fields_of(deployment, kind) if values["field"] == "*"]
    assert unindexed["index_config"] == [{"indexes": []}]


def test_what_says_when_it_expires_does_and_nothing_else(deployment: Deployment) -> None:
    """An opt-out that expired would let texts go to a customer who wants none."""
    expiring = {
        kind: [values["field"] for values in fields_of(deployment, kind) if values["ttl_config"]] for kind in SUFFIXES
    }
    assert expiring.pop(OPERATORS) == ["expires_at"], "each of theirs says when, by its type"
    records = {Kind(name): thread_documents.to_document(record()) for name, record in FULL.items()}
    documents = {Kind.RELAY: to_document(received().relay), **records}
    assert expiring == {kind: ["expires_at"] if documents[kind]["expires_at"] else [] for kind in Kind}


def test_indexes_and_expiry_are_on_the_collections_that_the_functions_use(deployments: dict[str, Deployment]) -> None:
    for run in RUNS:
        collection = deployments[run].functions["sms-inbound"].environment["RELAY_COLLECTION"]
        database = deployments[run].functions["sms-inbound"].environment["FIRESTORE_DATABASE"]
        for address, values in deployments[run].resources.items():
            if address.startswith(("google_firestore_field", "google_firestore_index")):
                assert values["database"] == database, address
                assert values["collection"] in {f"{collection}{suffix}" for suffix in SUFFIXES.values()}, address


def test_the_database_can_be_restored_and_survives_a_destroy(deployment: Deployment) -> None:
    database = deployment.one("google_firestore_database.this[0]")
    assert database["type"] == "FIRESTORE_NATIVE"
    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    assert database["deletion_policy"] == "ABANDON"
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    backup = deployment.one("google_firestore_backup_schedule.daily[0]")
    assert backup["retention"] == f"{14 * 86400}s"
    assert len(backup["daily_recurrence"]) == 1


@pytest.mark.parametrize(("run", "policy"), [("defaults", "ABANDON"), ("every_option", "DELETE")])
def test_a_database_that_survives_a_destroy_goes_on_expiring_its_texts_and_being_backed_up(
    deployments: dict[str, Deployment], run: str, policy: str
) -> None:
    made = deployments[run].resources.items()
    fields = [values for address, values in made if address.startswith(FIELD)]
    database = deployments[run].one("google_firestore_database.this[0]")
    assert len(fields) == 15
    backups = [values for address, values in made if address.startswith("google_firestore_backup_schedule.")]
    assert len(backups) == (run == "defaults")
    assert {values["deletion_policy"] for values in [database, *backups, *fields]} == {policy}


def test_a_database_that_a_destroy_left_keeps_its_backups_and_gets_no_second_schedule(
    deployments: dict[str, Deployment],
) -> None:
    """Firestore refuses a second daily schedule."""
    made = deployments["database_that_exists"].resources
    assert not any(address.startswith(("google_firestore_database", "google_firestore_backup")) for address in made)
    assert any(address.startswith(FIELD) for address in made)


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


def holders(run: Deployment) -> dict[str, set[str]]:
    """The functions that may, by verb."""
    bindings = run.all("google_project_iam_binding.store")
    return {verb: run.functions_among(binding["members"]) for verb, binding in bindings.items()}


def test_no_function_may_delete_documents_and_the_list_of_who_may_what_is_short(deployment: Deployment) -> None:
    may = holders(deployment)
    escalation = {"escalate-tier-1", "escalate-tier-2", "escalate-tier-3"}
    assert "delete" not in may
    # Codes, sessions and messages; a session is renewed by whatever it is shown to.
    of_operators = {"console", "tell"}
    acting = {"sms-inbound", "sms-delivery-status", "sms-redrive", "sweep", "reconcile"} | escalation
    assert may["update"] == acting | {"sms-relay-state"} | of_operators
    assert may["get"] == may["update"] | {"media"}
    # Receipts name their relay; all others look for some (test_rights.py).
    assert may["list"] == may["get"] - {"sms-delivery-status"}


@pytest.mark.parametrize("run", ["defaults", "one_tier", "without_gateway", "every_option", "database_that_exists"])
def test_who_updates_documents_may_create_them_since_no_rule_tells_which_right_our_updates_need(
    deployments: dict[str, Deployment], run: str
) -> None:
    may = holders(deployments[run])
    assert may["create"] == may["update"]


@pytest.mark.parametrize("run", ["defaults", "without_gateway", "every_option"])
def test_functions_have_their_rights_on_documents_and_secrets_before_they_are_made(
    deployments: dict[str, Deployment], run: str
) -> None:
    functions = [address for address in deployments[run].waited_for if "google_cloudfunctions2_function." in address]
    assert len(functions) > 10
    for address in functions:
        waited_for = deployments[run].waited_for[address]
        assert {"google_project_iam_binding.store", "google_secret_manager_secret_iam_binding.this"} <= waited_for, (
            address
        )


def test_the_database_that_stays_for_ever_is_made_after_what_few_regions_have(deployment: Deployment) -> None:
    waited_for = deployment.waited_for["google_firestore_database.this[0]"]
    assert {"google_cloud_tasks_queue.tell", "google_cloudfunctions2_function.first"} <= waited_for


@pytest.mark.parametrize("run", ["without_gateway", "every_option"])
def test_a_notice_and_an_alarm_may_be_made_wherever_they_come_about(
    deployments: dict[str, Deployment], run: str
) -> None:
    deployment = deployments[run]
    raising = {name for name, each in deployment.functions.items() if Need.ALARMS in ENTRY_POINTS[each.entry_point]}
    assert raising <= holders(deployment)["create"]


def test_rights_on_documents_end_at_this_database(deployment: Deployment) -> None:
    for binding in deployment.all("google_project_iam_binding.store").values():
        (condition,) = binding["condition"]
        assert condition["expression"] == 'resource.name == "projects/demo-project/databases/(default)"'
