"""Files through the control API: attached, shown, and wrong on demand."""

import base64

import pytest

from tests.fake_twilio.support import CUSTOMER, HANDLER, Account
from tests.fake_twilio.test_control import do
from tests.fake_twilio.test_media import COUCH, followed, texted


def test_a_file_of_the_visitors_own_is_attached_and_never_shown_as_a_page(account: Account) -> None:
    content = b"<script>alert(1)</script>"
    told = {"content_type": "text/html", "content": base64.b64encode(content).decode()}
    code, answer = do(account, "files", **told)
    assert code == 201
    do(account, "customer-texts", **{"from": CUSTOMER, "body": "", "files": [answer["file"]]})
    shown = account.http.get(f"/fake/files/{answer['file']}")
    assert (shown.data, shown.content_type) == (content, "text/html")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("files", {"content_type": "image/png", "content": "no base64!"}),
        ("files", {"content_type": "image", "content": ""}),
        ("customer-texts", {"from": CUSTOMER, "body": "", "files": ["unknown"]}),
        ("customer-texts", {"from": CUSTOMER, "body": "", "files": "unknown"}),
        ("carrier", {"phone": HANDLER, "behaviour": "deliver", "mms": True, "times": 2}),
        ("media", {"is_gone": "yes"}),
    ],
)
def test_what_cannot_be_a_file_or_a_fault_of_one_is_refused(
    account: Account, what: str, body: dict[str, object]
) -> None:
    assert do(account, what, **body)[0] == 400


def test_the_control_interface_sets_what_is_wrong_and_judges_what_arrived(account: Account) -> None:
    account.http.post("/fake/media", json={"is_empty": True})
    assert (account.http.get("/fake/state").json or {})["account"]["media"] == {"is_empty": True}
    place, (media_id,) = texted(account, COUCH)
    assert followed(account, f"{place}/{media_id}").data == b""
    (arrival,) = (account.http.get("/fake/record").json or {})["media_arrivals"]
    assert arrival["path"].startswith(f"/{account.fake.settings.account_sid}/{media_id}?Expires=")
    account.http.post("/fake/media", json={})
    assert followed(account, f"{place}/{media_id}").data == COUCH.content
