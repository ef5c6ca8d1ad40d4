import re
from typing import Annotated, Protocol

from pydantic import AfterValidator, Field, PositiveFloat
from pydantic_settings import BaseSettings

from chassis_realtime.devices import Kind
from chassis_realtime.push_addresses import STAND_IN, public_point

_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)


def _hosts(hosts: frozenset[str]) -> frozenset[str]:
    for host in sorted(hosts):
        if not _HOST.fullmatch(host) and not STAND_IN.fullmatch(host):
            msg = f"must be hosts such as *.push.example.com, got: {host}"
            raise ValueError(msg)
    return hosts


def _key(key: str) -> str:
    if key and public_point(key) is None:
        msg = "must be a public key, as `make push-key` shows one"
        raise ValueError(msg)
    return key


class Settings(BaseSettings):
    """Settings of the devices that are pushed to; the same for the business API and the worker."""

    push_providers: frozenset[Kind] = frozenset()
    """What is pushed by, as ["web_push", "fcm", "apns"]; none: there is no push."""
    push_vapid_public_key: Annotated[str, AfterValidator(_key)] = ""
    """The public half of PUSH_VAPID_KEY, which pages subscribe with."""
    push_web_hosts: Annotated[frozenset[str], AfterValidator(_hosts)] = frozenset(
        {
            "fcm.googleapis.com",
            "*.push.services.mozilla.com",
            "*.notify.windows.com",
            "web.push.apple.com",
        }
    )
    """The push services of browsers; endpoints elsewhere are refused."""
    push_device_life: PositiveFloat = 2_592_000
    """Seconds after which a device has to be registered again."""
    push_devices_an_account: Annotated[int, Field(ge=1, le=100)] = 50
    """Registrations that one account may have, each of one device for one collection."""


class DeviceSettings(Protocol):
    """The settings of the features that count here."""

    push_device_life: float
    push_devices_an_account: int
    push_providers: frozenset[Kind]
    push_vapid_public_key: str
    push_web_hosts: frozenset[str]
