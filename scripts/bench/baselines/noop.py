"""A function that does nothing: what the framework and its server cost by themselves."""

from __future__ import annotations

import flask
import functions_framework


@functions_framework.http
def sms_inbound(_request: flask.Request) -> str:
    return ""
