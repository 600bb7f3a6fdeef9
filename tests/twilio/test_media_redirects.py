"""Where a redirect may lead that Twilio answers with, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from relay.twilio.media import TwilioMedia

from tests.twilio.raw_server import Connection, RawServer, one_answer
from tests.twilio.small_twilio import ACCOUNT_SID, TOKEN, SmallTwilio, basic, headers_of, refused

# With a Twilio that is on this machine, a redirect stays on it.
ELSEWHERE_THAN_HERE = [
    "https://mms.twiliocdn.com/x",
    "http://192.0.2.7/x",
    "https://127.0.0.1/x",
    "http://user:secret@127.0.0.1/x",
    "http://127.0.0.1.example.com/x",
    "http://127.0.0.1@example.com/x",
    "http://127.1/x",
    "http://0.0.0.0/x",
    "/x",
    "",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("place", ELSEWHERE_THAN_HERE)
def test_a_twilio_on_this_machine_leads_nowhere_else(twilio: SmallTwilio, place: str) -> None:
    twilio.api_says = one_answer(302, b"", Location=place)
    assert refused(twilio.media()) == "Twilio sent us to an address that is none of its hosts for media"


@dataclass
class Internet:
    """All of it, behind a proxy: `asked` are the first lines and headers that came to it.

    Twilio itself, which is not on this machine, redirects to `place`.
    """

    asked: list[str] = field(default_factory=list)
    place: str = ""

    def media(self) -> TwilioMedia:
        return TwilioMedia(account_sid=ACCOUNT_SID, auth_token=TOKEN, base_url="http://twilio.example")

    def talk(self, connection: Connection) -> None:
        if connection.read_request():
            is_twilio = self.asked[-1].startswith("GET http://twilio.example/")
            connection.answer(302 if is_twilio else 502, b"", Location=self.place)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    whole = Internet()
    with RawServer(whole.talk) as proxy:
        whole.asked = proxy.requests
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.base_url)
            monkeypatch.setenv(name.upper(), proxy.base_url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        yield whole


@pytest.mark.parametrize("host", ["mms.twiliocdn.com", "media.twiliocdn.com", "s3-external-1.amazonaws.com"])
def test_twilio_itself_leads_to_its_hosts_for_media_by_https(internet: Internet, host: str) -> None:
    internet.place = f"https://{host}/AC1/x?Expires=1&Signature=a%2Fb~c"
    assert refused(internet.media()) == "Twilio could not be reached"  # the proxy's 502
    to_twilio, to_host = internet.asked
    assert headers_of(to_twilio)["authorization"] == basic(ACCOUNT_SID, TOKEN)
    assert to_host.startswith(f"CONNECT {host}:443 HTTP/1.")
    assert "authorization" not in to_host.lower()


FOREIGN = [
    "https://example.com/x",
    "https://mms.twiliocdn.com.example.com/x",
    "https://example.com/mms.twiliocdn.com/",
    "https://evil-mms.twiliocdn.com/x",
    "https://s3.amazonaws.com/x",
    "http://mms.twiliocdn.com/x",
    "HTTPS://mms.twiliocdn.com/x",
    "https://MMS.twiliocdn.com/x",
    "https://mms.twiliocdn.com./x",
    "https://mms.twiliocdn.com:443/x",
    "https://mms.twiliocdn.com:8443/x",
    "https://user:secret@mms.twiliocdn.com/x",
    "https://mms.twiliocdn.com@example.com/x",
    "https://mms.twiliocdn.com\\@example.com/x",
    "https://mms.twiliocdn.com",
    "https://mms.twiliocdn.com?x=1",
    "https://mms.twiliocdn.com#/x",
    "//mms.twiliocdn.com/x",
    "https:mms.twiliocdn.com/x",
    "https://mms\t.twiliocdn.com/x",
    "https://mms.twiliocdn.com/x y",
    "https://mms.twiliocdn.com/\xe4",
    "https://mms.twiliocdn.com/" + "x" * 5000,
    "http://127.0.0.1/x",
    "https://127.0.0.1/x",
    "http://localhost:8080/x",
    "http://[::1]/x",
    "https://10.0.0.1/x",
    "https://192.168.1.1/x",
    "http://169.254.169.254/computeMetadata/v1/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "https://[fd00::1]/x",
    "http://twilio.example/x",
    "/x",
    "",
]


@pytest.mark.parametrize("place", FOREIGN)
def test_twilio_itself_leads_nowhere_else(internet: Internet, place: str) -> None:
    internet.place = place
    assert refused(internet.media()) == "Twilio sent us to an address that is none of its hosts for media"
    assert len(internet.asked) == 1, "only Twilio was asked"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_second_redirect_is_not_followed(twilio: SmallTwilio, status: int) -> None:
    twilio.host_says = one_answer(status, b"", Location=f"{twilio.host.base_url}/again")
    assert refused(twilio.media()) == "the media host sent us on to yet another address"
    assert len(twilio.host.requests) == 1
