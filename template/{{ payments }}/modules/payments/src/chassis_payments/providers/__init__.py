"""Providers: those that take payments for this service, at ``state.payment_providers``."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

from chassis.problems import Invalid
from chassis.webhooks import Forged
from chassis_payments.payments import ProviderName
from chassis_payments.process import Process
from chassis_payments.providers.calling import Calls
from chassis_payments.providers.paypal import PayPal
from chassis_payments.providers.port import Event, FailedForGood, NotThere, Provider, Refused
from chassis_payments.providers.settings import Settings, revealed, without_credentials
from chassis_payments.providers.stripe import Stripe

__all__ = [
    "Calls",
    "Event",
    "FailedForGood",
    "Forged",
    "NotThere",
    "PayPal",
    "Provider",
    "Providers",
    "Refused",
    "Settings",
    "Stripe",
    "install",
    "lifespan",
    "providers_of",
]

NOT_SET_UP = "There is no account at this provider."


class Providers:
    """Those that have an account, by their names."""

    def __init__(self, known: Mapping[ProviderName, Stripe | PayPal]) -> None:
        self.known = dict[ProviderName | str, Stripe | PayPal](known.items())

    def __getitem__(self, name: ProviderName | str) -> Provider:
        """Give a provider; raises Invalid if it has no account."""
        if name not in self.known:
            raise Invalid(NOT_SET_UP, field="provider")
        return self.known[name]


def providers_of(settings: Settings) -> Providers:
    """Make those that settings have keys of."""
    known: dict[ProviderName, Stripe | PayPal] = {}
    timeout_s = settings.payments_timeout
    if key := revealed(settings.stripe_key) or _told(settings.stripe_url)[0]:
        secret = revealed(settings.stripe_webhook_secret) or _told(settings.stripe_url)[1]
        calls = Calls("Stripe", without_credentials(settings.stripe_url), timeout_s)
        known["stripe"] = Stripe(calls, key, secret, settings.stripe_mode)
    if client := settings.paypal_client or _told(settings.paypal_url)[0]:
        secret = revealed(settings.paypal_secret) or _told(settings.paypal_url)[1]
        webhook = settings.paypal_webhook or _told(settings.paypal_url)[0]
        calls = Calls("PayPal", without_credentials(settings.paypal_url), timeout_s)
        known["paypal"] = PayPal(calls, client, secret, webhook)
    return Providers(known)


def _told(url: str) -> tuple[str, str]:
    """Give the key and the secret that the address of a stand-in has in it."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")


def install(process: Process, settings: Settings) -> None:
    """Know the providers; they are reached with the first call."""
    process.state.payment_providers = providers_of(settings)


@asynccontextmanager
async def lifespan(process: Process, _settings: Settings) -> AsyncIterator[None]:
    """Close the connections to the providers at the end."""
    try:
        yield
    finally:
        for provider in process.state.payment_providers.known.values():
            await provider.calls.client.aclose()
