"""Providers: what passes notices on to devices, one adapter for each, behind one port."""

from collections.abc import Mapping

from chassis_realtime.devices import Kind
from chassis_realtime.push.providers.apns import Apns
from chassis_realtime.push.providers.fcm import Fcm
from chassis_realtime.push.providers.port import (
    Answer,
    Notice,
    Outcome,
    Provider,
    ProviderAway,
)
from chassis_realtime.push.providers.signing import WrongCredentialsError
from chassis_realtime.push.providers.web_push import WebPush
from chassis_realtime.push.settings import PushSettings, Settings

__all__ = [
    "Answer",
    "Notice",
    "Outcome",
    "Provider",
    "ProviderAway",
    "WrongCredentialsError",
    "providers_of",
]

APNS = ("push_apns_key", "push_apns_key_id", "push_apns_team_id", "push_apns_topic")
FCM = ("push_fcm_account",)
WEB_PUSH = ("push_vapid_key", "push_vapid_public_key", "push_vapid_subject")
CREDENTIALS: Mapping[Kind, tuple[str, ...]] = {"apns": APNS, "fcm": FCM, "web_push": WEB_PUSH}


def providers_of(settings: Settings, shared: PushSettings) -> Mapping[Kind, Provider]:
    """Give the providers that are on; raises WrongCredentialsError, in a line that names the setting."""
    found: dict[Kind, Provider] = {}
    for kind in sorted(shared.push_providers):
        for name in CREDENTIALS[kind]:
            if not getattr(settings, name):
                raise WrongCredentialsError(f"{name.upper()} must be set to push by {kind}")
        found[kind] = _provider(kind, settings, shared)
    return found


def _provider(kind: Kind, settings: Settings, shared: PushSettings) -> Provider:
    match kind:
        case "apns":
            return Apns(settings)
        case "fcm":
            return Fcm(settings)
        case "web_push":
            made = WebPush(settings, shared.push_web_hosts)
            if made.public_key != shared.push_vapid_public_key:
                raise WrongCredentialsError(
                    "PUSH_VAPID_PUBLIC_KEY must be the half of PUSH_VAPID_KEY"
                )
            return made
