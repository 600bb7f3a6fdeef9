"""The obvious stack: every SDK at the top of the file, and the quick starts of their documentation one after the other.

It does what the webhook does for one text, in the order in which one would write it down. The API's base address is the
only thing that it takes from this bench.
"""

from __future__ import annotations

import datetime
import os

import flask
import functions_framework
import grpc
from google.cloud import firestore, pubsub_v1, tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.protobuf import timestamp_pb2
from twilio.request_validator import RequestValidator
from twilio.rest import Client

_PROJECT = os.environ["GOOGLE_CLOUD_PROJECT"]
_LOCATION = os.environ["TASKS_LOCATION"]


@functions_framework.http
def sms_inbound(request: flask.Request) -> tuple[str, int] | str:
    form = request.form.to_dict()
    url = f"{os.environ['PUBLIC_BASE_URL']}{request.path}"
    validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
    if not validator.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
        return "forbidden", 403
    document = firestore.Client(project=_PROJECT).collection("obvious").document(form["MessageSid"])
    if document.get().exists:
        return "<Response/>"
    document.set({**form, "status": "received", "created_at": datetime.datetime.now(datetime.UTC)})
    _arm(form["MessageSid"])
    twilio = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
    twilio.api.base_url = os.environ["TWILIO_API_BASE_URL"]
    message = twilio.messages.create(to="+12025550111", from_=form["To"], body=f"{form['From']}: {form['Body']}")
    document.update({"status": "sent", "sid": message.sid})
    return "<Response/>"


def _arm(message_sid: str) -> None:
    channel = grpc.insecure_channel(os.environ["CLOUD_TASKS_EMULATOR_HOST"])
    client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
    due_at = timestamp_pb2.Timestamp()
    due_at.FromDatetime(datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1))
    request = tasks_v2.HttpRequest(url="http://127.0.0.1:9/", body=message_sid.encode())
    parent = client.queue_path(_PROJECT, _LOCATION, "escalate-tier-2")
    client.create_task(parent=parent, task=tasks_v2.Task(http_request=request, schedule_time=due_at))


# Relay events are published elsewhere; the obvious stack keeps its one client for everything in its one file.
PUBLISHER_CLASS = pubsub_v1.PublisherClient
