"""Where a client may have this system send something: to the push services of browsers, and nowhere else."""

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.features import FeatureSettings
from chassis.problems import Invalid
from chassis_realtime.push.providers.encryption import raw
from chassis_realtime.push_addresses import checked

if TYPE_CHECKING:
    from chassis_realtime.devices import Kind

HOSTS = FeatureSettings().push_web_hosts
_KEY = ec.derive_private_key(7, ec.SECP256R1()).public_key()
POINT = urlsafe_b64encode(raw(_KEY)).decode()
SECRET = urlsafe_b64encode(b"s" * 16).decode()


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/c1KrmpTuRm8:APA91b-_~x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABl=",
        "https://wns2-by3p.notify.windows.com/w/?token=BQYAAAD%2b",
        "https://web.push.apple.com/QGuQyavXutnMH",
    ],
)
def test_the_push_services_of_browsers_are_taken(endpoint: str) -> None:
    assert checked("web_push", endpoint, POINT.rstrip("="), SECRET.rstrip("="), HOSTS) == endpoint
    assert checked("web_push", endpoint, POINT, SECRET, HOSTS) == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/x",
        "https://internal.example.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:443/x",
        "https://anna:secret@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.example.com/x",
        "https://fcm.googleapis.com.evil.example.com/x",
        "https://evil.example.com/?fcm.googleapis.com/x",
        "https://evil.example.com#.push.services.mozilla.com/x",
        "https://evil.example.com\\.push.services.mozilla.com/x",
        "https://evil.example.com\\@fcm.googleapis.com/x",
        "https://xnotify.windows.com/x",
        "https://notify.windows.com/x",
        "https://.notify.windows.com/x",
        "https://evilpush.services.mozilla.com.example.com/x",
        "https://FCM.googleapis.com/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com",
        "https://fcm.googleapis.com/",
        "https://fcm.googleapis.com/x#y",
        "https://fcm.googleapis.com/x\r\nHost: evil.example.com",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\n",
        " https://fcm.googleapis.com/x",
        "https://fcm.googleapis.com\t/x",
        "https://fcm.googleapis。com/x",
        "https://fcm.googleapıs.com/x",
        "https:/fcm.googleapis.com/x",
        "//fcm.googleapis.com/x",
        "file:///etc/passwd",
        "gopher://fcm.googleapis.com/x",
        "",
    ],
)
def test_no_other_address_is_ever_called(endpoint: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked("web_push", endpoint, POINT, SECRET, HOSTS)

    assert [error.field for error in refused.value.errors] == ["address"]
    assert endpoint not in refused.value.detail or not endpoint


@pytest.mark.parametrize(
    ("place", "endpoint", "taken"),
    [
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099/web/1", True),
        ("http://127.0.0.1:8099", "http://127.0.0.1:80990/web/1", False),
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099@evil.example.com/web/1", False),
        ("push.example.com", "https://push.example.com/1", True),
    ],
)
def test_owners_name_others(place: str, endpoint: str, *, taken: bool) -> None:
    try:
        checked("web_push", endpoint, POINT, SECRET, {place})
    except Invalid:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize(
    "host", ["evil example.com", "http://10.0.0.1:80", "*", "*.*", "https://x.example.com", "com"]
)
def test_a_host_that_cannot_be_meant_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="must be hosts"):
        FeatureSettings(push_web_hosts=frozenset({host}))


@pytest.mark.parametrize(
    ("point", "secret", "field"),
    [
        (None, SECRET, "p256dh"),
        (POINT[:-8], SECRET, "p256dh"),
        (urlsafe_b64encode(b"\4" + b"\1" * 64).decode(), SECRET, "p256dh"),
        (urlsafe_b64encode(b"\0").decode(), SECRET, "p256dh"),
        ("A" * 300, SECRET, "p256dh"),
        ("ä" * 87, SECRET, "p256dh"),
        ("A", SECRET, "p256dh"),
        (POINT, None, "auth"),
        (POINT, SECRET[:-8], "auth"),
        (POINT, "+" * 22, "auth"),
    ],
)
def test_keys_that_nothing_can_be_encrypted_with_are_refused(
    point: str | None, secret: str | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        checked("web_push", "https://web.push.apple.com/x", point, secret, HOSTS)

    assert [error.field for error in refused.value.errors] == [field]


def test_tokens_are_kept_in_one_way_of_writing() -> None:
    assert checked("apns", "AB" * 32, None, None, HOSTS) == "ab" * 32
    assert checked("fcm", "fGc:APA91b-_" * 4, None, None, HOSTS) == "fGc:APA91b-_" * 4


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("apns", "ab" * 16),
        ("apns", "../../../1/other" + "ab" * 32),
        ("apns", "xy" * 32),
        ("apns", "ab" * 200),
        ("fcm", "short"),
        ("fcm", "a" * 2000),
        ("fcm", "a" * 30 + "/"),
        ("fcm", "a" * 30 + "\n"),
    ],
)
def test_what_is_no_token_is_refused(kind: "Kind", token: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(kind, token, None, None, HOSTS)

    assert [error.field for error in refused.value.errors] == ["address"]


@pytest.mark.parametrize(("p256dh", "auth", "field"), [(POINT, None, "p256dh"), (None, "", "auth")])
def test_a_token_has_no_keys(p256dh: str | None, auth: str | None, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked("apns", "ab" * 32, p256dh, auth, HOSTS)

    assert [error.field for error in refused.value.errors] == [field]
