"""A Twilio account that lives in this process: Messages, webhooks, callbacks, and faults on demand.

It stands in for Twilio in the local stack, in stories, in load tests that kill the application (it outlives it
and knows what truly happened) and in benchmarks:

    fake = FakeTwilio(Settings(sms_url="http://127.0.0.1:8080/sms/inbound#rc=5&rp=all"))
    with Server(fake) as server:                          # TWILIO_API_BASE_URL = server.base_url
        handler, customer = fake.phone("+15550002001"), fake.phone("+15550003001")
        handler.carrier.undelivered(30006)
        customer.texts("the boiler is leaking")
        handler.expect_nothing_more()

`faults` says all that can go wrong, `behaviour` names what carriers can do, `account_faults` what can be done to the
account, `phones` is the vocabulary, `control` the JSON API for a page of phones, `state` what is on record. Not
modelled: sending through messaging services, scheduling, price, TwiML verbs in the application's answer, redirects
of webhooks.
"""

from scripts.fake_twilio.behaviour import Behaviour, Mixture
from scripts.fake_twilio.clock import ManualClock, RealClock
from scripts.fake_twilio.faults.answers import ApiAnswer
from scripts.fake_twilio.faults.fates import Fate
from scripts.fake_twilio.faults.lists import ListFaults
from scripts.fake_twilio.faults.media import MediaFaults
from scripts.fake_twilio.faults.queues import QueueLimits
from scripts.fake_twilio.faults.receipts import Callbacks
from scripts.fake_twilio.faults.texts import InboundFaults
from scripts.fake_twilio.media import File
from scripts.fake_twilio.message import Message
from scripts.fake_twilio.model import FakeTwilio
from scripts.fake_twilio.phones import Phone
from scripts.fake_twilio.pictures import PICTURES, picture
from scripts.fake_twilio.receiving import InboundText
from scripts.fake_twilio.rows import Row
from scripts.fake_twilio.server import PREFIXES, Server, make_app
from scripts.fake_twilio.settings import Settings, StatusDelays
from scripts.fake_twilio.standing import Service, Standing
from scripts.fake_twilio.state import AutoReply, Exchange, MediaArrival, PostAttempt
from scripts.fake_twilio.tapbacks import TAPBACKS, Reaction, Tapback

__all__ = [
    "PICTURES",
    "PREFIXES",
    "TAPBACKS",
    "ApiAnswer",
    "AutoReply",
    "Behaviour",
    "Callbacks",
    "Exchange",
    "FakeTwilio",
    "Fate",
    "File",
    "InboundFaults",
    "InboundText",
    "ListFaults",
    "ManualClock",
    "MediaArrival",
    "MediaFaults",
    "Message",
    "Mixture",
    "Phone",
    "PostAttempt",
    "QueueLimits",
    "Reaction",
    "RealClock",
    "Row",
    "Server",
    "Service",
    "Settings",
    "Standing",
    "StatusDelays",
    "Tapback",
    "make_app",
    "picture",
]
