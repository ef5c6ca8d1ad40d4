from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, PositiveFloat, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = "must be the address of an API, such as https://api.stripe.com"
        raise ValueError(msg)
    return url


Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """Settings of the providers; one without a key takes no payments."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # secrets are among them

    stripe_url: Address = "https://api.stripe.com"
    stripe_key: SecretStr | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_mode: Literal["checkout", "intent"] = "checkout"
    """Where card data is typed: on Stripe's own page, or in its form within yours."""
    paypal_url: Address = "https://api-m.paypal.com"
    paypal_client: str = ""
    paypal_secret: SecretStr | None = None
    paypal_webhook: str = ""
    """The id of the webhook, which its signatures are made with."""
    payments_timeout: PositiveFloat = 15
    """Seconds that a provider may take for one answer."""


def revealed(secret: SecretStr | None) -> str:
    """Give a secret as it is; empty if there is none."""
    return secret.get_secret_value() if secret else ""


def without_credentials(url: str) -> str:
    """Give an address without the user in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
