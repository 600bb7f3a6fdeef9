"""The gateway's document, and how addresses fit together with and without it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from relay.operators.console import PAGE
from relay.operators.signing_in.paths import ROUTES
from relay.settings.settings import load_settings
from relay.twilio.forms import status_callback_url
from relay.web import (
    DELIVERY_STATUS_PATH,
    INBOUND_PATH,
    MEDIA_PATH,
    REDRIVE_PATH,
    RELAY_STATE_PATH,
    THREADS_PATH,
    media_link,
)

from tests.terraform.deployment import Deployment
from tests.terraform.test_functions import SECRET_VALUES

FUNCTIONS = {
    INBOUND_PATH: "sms-inbound",
    DELIVERY_STATUS_PATH: "sms-delivery-status",
    RELAY_STATE_PATH: "sms-relay-state",
    REDRIVE_PATH: "sms-redrive",
    THREADS_PATH: "sms-redrive",
}
CONSOLE = ("/console", "/console/{file=**}")
SIGN_IN = {f"/console/{name}" for name in ROUTES}
# Any other path, however deep; Google's way to write it (API Gateway, path templating).
ANY_OTHER = "/sms/{path=**}"
PHOTOS = {f"{MEDIA_PATH}{{token}}": ["token"], f"{MEDIA_PATH}{{token}}/{{number}}": ["token", "number"]}
# Logging's query language, as far as the exclusion uses it.
_EXCLUSION = re.compile(r'resource\.type=\((.*)\) AND httpRequest\.requestUrl=~"(.*)"')


def document_text(deployment: Deployment) -> str:
    (documents,) = deployment.one("google_api_gateway_api_config.this[0]")["openapi_documents"]
    return base64.b64decode(documents["document"][0]["contents"]).decode()


@pytest.fixture
def document(deployment: Deployment) -> dict[str, Any]:
    return dict(json.loads(document_text(deployment)))


def settings_of(deployment: Deployment, function: str) -> Any:
    deployed = deployment.functions[function]
    secrets = {name: SECRET_VALUES[name] for name in deployed.secrets}
    return load_settings({**deployed.environment, **secrets}, [deployed.entry_point])


def test_the_gateway_answers_five_routes_the_console_and_photos_and_has_the_webhook_answer_any_other(
    document: dict[str, Any],
) -> None:
    assert document["swagger"] == "2.0"
    assert {path: set(operations) for path, operations in document["paths"].items()} == {
        **{path: {"post", "options"} for path in FUNCTIONS},
        INBOUND_PATH: {"get", "post", "options"},
        ANY_OTHER: {"options", "post"},
        **{path: {"get", "head"} for path in (*PHOTOS, *CONSOLE)},
        **{path: {"post"} for path in SIGN_IN},
    }
    for path, variables in PHOTOS.items():
        for operation in document["paths"][path].values():
            assert [(each["name"], each["in"], each["required"]) for each in operation["parameters"]] == [
                (name, "path", True) for name in variables
            ]
    for operation in document["paths"][ANY_OTHER].values():
        (variable,) = operation["parameters"]
        assert (variable["name"], variable["in"], variable["required"]) == ("path", "path", True)
    assert "x-google-allow" not in document  # whose default lets nothing else through


def test_each_operation_goes_to_its_function_with_the_path_and_a_token_made_out_to_it(
    deployment: Deployment, document: dict[str, Any]
) -> None:
    pages = {**dict.fromkeys(PHOTOS, "media"), **dict.fromkeys((*CONSOLE, *SIGN_IN), "console")}
    functions = {**FUNCTIONS, **pages, ANY_OTHER: "sms-inbound"}  # OPTIONS without CORS headers, and texts by mistake
    for path, operations in document["paths"].items():
        for operation in operations.values():
            backend = operation["x-google-backend"]
            assert backend["address"] == backend["jwt_audience"] == deployment.outputs["functions"][functions[path]]
            assert backend["path_translation"] == "APPEND_PATH_TO_ADDRESS"
            timeout = deployment.functions[functions[path]].service["timeout_seconds"]
            assert backend["deadline"] == timeout


def test_the_gateway_asks_for_no_token_which_who_signed_in_does_not_have(document: dict[str, Any]) -> None:
    """The functions do: tests/routes."""
    assert not {"security", "securityDefinitions"} & set(document)
    assert not any("security" in operation for _, operation in operations_of(document))


def test_the_functions_ask_for_the_token_that_callers_are_told_to_get(deployment: Deployment) -> None:
    operator = deployment.one("google_service_account.operator")["email"]
    for name in ("sms-relay-state", "sms-redrive", "console"):
        settings = settings_of(deployment, name)
        assert set(deployment.outputs["identity_audiences"].values()) == {settings.audience}
        assert settings.allowed_emails == {operator}


def operations_of(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(path, operation) for path, operations in document["paths"].items() for operation in operations.values()]


def matched(template: str, path: str) -> bool:
    """Whether the gateway takes this path for the template (Google's page on path templating)."""
    parts = [".*" if part.endswith("=**}") else "[^/]+" if "{" in part else part for part in template.split("/")]
    return bool(re.fullmatch("/".join(parts) + ("/?" if "{" in template else ""), path))


def test_no_path_ends_with_a_slash_which_google_refuses_and_yet_the_folder_of_the_console_is_answered(
    document: dict[str, Any],
) -> None:
    """Source: Cloud Endpoints, known issues; API Gateway reads the same documents."""
    assert not [path for path in document["paths"] if path.endswith("/")]
    names = [path.name for path in PAGE.iterdir() if path.is_file()]
    assert "index.html" in names
    for path in ("/console", "/console/", *(f"/console/{name}" for name in names)):
        assert [template for template in document["paths"] if matched(template, path)], path


def test_operation_ids_are_unique_and_may_become_names_of_methods(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations_of(document)]
    assert len(set(ids)) == len(ids) == 29
    assert all(name.isidentifier() for name in ids)


def test_signatures_and_callbacks_use_the_gateways_address(deployment: Deployment) -> None:
    gateway = f"https://{deployment.one('google_api_gateway_gateway.this[0]')['default_hostname']}"
    for name, function in deployment.functions.items():
        if "PUBLIC_BASE_URL" in function.environment:
            settings = settings_of(deployment, name)
            assert (settings.public_base_url, settings.callback_base_url) == (gateway, gateway)
    assert deployment.outputs["inbound_url"] == f"{gateway}{INBOUND_PATH}"
    assert deployment.outputs["delivery_status_url"] == f"{gateway}{DELIVERY_STATUS_PATH}"
    assert deployment.outputs["relay_state_url"] == f"{gateway}{RELAY_STATE_PATH}"
    assert deployment.outputs["redrive_url"] == f"{gateway}{REDRIVE_PATH}"
    assert deployment.outputs["threads_url"] == f"{gateway}{THREADS_PATH}"
    assert deployment.outputs["console_url"] == f"{gateway}/console/"
    assert deployment.functions["console"].environment["CONSOLE_API_URL"] == gateway


def test_links_to_photos_begin_with_the_gateway_the_function_or_the_businesss_own_name(
    deployments: dict[str, Deployment],
) -> None:
    expected = {
        "defaults": f"https://{deployments['defaults'].one('google_api_gateway_gateway.this[0]')['default_hostname']}",
        "without_gateway": deployments["without_gateway"].outputs["functions"]["media"],
        "every_option": "https://p.example.com",
    }
    for run, address in expected.items():
        for name in ("sms-inbound", "escalate-tier-1", "sweep", "reconcile", "sms-relay-state"):
            settings = settings_of(deployments[run], name)
            assert media_link(settings.media_base_url, "token") == f"{address}/m/token"


def test_requests_for_photos_are_in_no_log_and_other_requests_are(deployment: Deployment) -> None:
    exclusion = deployment.one("google_logging_project_exclusion.links")
    assert exclusion["disabled"] is not True
    types, url = _EXCLUSION.fullmatch(exclusion["filter"]).groups()  # type: ignore[union-attr]
    # Google's page on the gateway's platform logs, and Cloud Run's on its request logs.
    assert set(types.split(" OR ")) == {'"cloud_run_revision"', '"apigateway.googleapis.com/Gateway"'}
    gateway = f"https://{deployment.one('google_api_gateway_gateway.this[0]')['default_hostname']}"
    for base in (gateway, deployment.outputs["functions"]["media"], "https://p.example.com"):
        assert re.search(url, media_link(base, "a-secret-of-22-letters"))
        assert not re.search(url, f"{base}{INBOUND_PATH}")


def test_without_a_gateway_each_webhook_is_signed_for_its_own_address(deployments: dict[str, Deployment]) -> None:
    deployment = deployments["without_gateway"]
    for name in ("sms-inbound", "sms-delivery-status"):
        assert settings_of(deployment, name).public_base_url == deployment.outputs["functions"][name]


def test_without_a_gateway_every_sender_has_its_callbacks_go_to_the_status_function(
    deployments: dict[str, Deployment],
) -> None:
    deployment = deployments["without_gateway"]
    status = deployment.outputs["functions"]["sms-delivery-status"]
    for name in ("sms-inbound", "escalate-tier-1", "escalate-tier-3", "sweep", "reconcile"):
        settings = settings_of(deployment, name)
        assert status_callback_url(settings.callback_base_url, "SM", 1, 1).startswith(
            f"{status}{DELIVERY_STATUS_PATH}?"
        )
    assert deployment.outputs["delivery_status_url"] == f"{status}{DELIVERY_STATUS_PATH}"


def test_without_a_gateway_a_token_is_made_out_to_the_function_as_cloud_run_demands(
    deployments: dict[str, Deployment],
) -> None:
    deployment = deployments["without_gateway"]
    for route, name in (("relay_state", "sms-relay-state"), ("redrive", "sms-redrive")):
        address = deployment.outputs["functions"][name]
        assert settings_of(deployment, name).audience == address
        assert deployment.outputs["identity_audiences"][route] == address
        assert deployment.outputs[f"{route}_url"].startswith(f"{address}/sms/")


def test_a_changed_document_is_a_new_configuration_that_exists_before_the_old_one_goes(
    deployments: dict[str, Deployment],
) -> None:
    first = deployments["defaults"].one("google_api_gateway_api_config.this[0]")["api_config_id"]
    other = deployments["every_option"].one("google_api_gateway_api_config.this[0]")["api_config_id"]
    assert first != other
    assert len(first) <= 49


def test_the_console_may_call_the_routes_from_where_the_proxy_shows_it(deployment: Deployment) -> None:
    assert settings_of(deployment, "sms-relay-state").allowed_origins == {"http://localhost:8080"}
