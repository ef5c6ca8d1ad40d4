from typing import Annotated

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, SecretStr

from chassis_communications.settings import CommonSettings

LONGEST_VALIDITY = 36_000


def _email_url(url: str) -> str:
    if url and not url.startswith(("smtp://", "smtps://", "https://", "http://")):
        msg = "must look like smtp://host:587, smtps://host:465 or https://api.sendgrid.com"
        raise ValueError(msg)
    return url


class EmailSettings(CommonSettings):
    """How email is sent."""

    email_url: Annotated[str, AfterValidator(_email_url)] = ""
    """smtp://host:587 or smtps://host:465 for a relay, https://api.sendgrid.com for SendGrid; without it, email waits."""
    email_from: str = "noreply@example.com"
    """Whom email is from: an address, or a name and an address, as Shop <noreply@example.com>."""
    email_copies: tuple[str, ...] = ()
    """Addresses that get a copy of each message that goes through a relay, unseen."""
    smtp_user: str = ""
    """As whom to sign in to the relay."""
    smtp_password: SecretStr | None = None
    """Of that user."""
    email_price: NonNegativeFloat = 0
    """What one email costs, in the currency that the provider bills in."""
    sendgrid_key: SecretStr | None = None
    """A key of SendGrid's API that may send mail."""
    provider_timeout: PositiveFloat = 20
    """Seconds that a provider may take for one message."""


class SmsSettings(CommonSettings):
    """How SMS are sent."""

    sms_url: str = ""
    """https://api.twilio.com; without it, SMS wait."""
    sms_from: str = ""
    """The number, or the name, that SMS are from."""
    sms_validity: Annotated[int, Field(ge=1, le=LONGEST_VALIDITY)] = 3600
    """Seconds after which an SMS that did not get there is given up."""
    sms_price: NonNegativeFloat = 0
    """What one segment of an SMS costs, in the currency that the provider bills in; what it says itself
    counts more."""
    sms_max_price: NonNegativeFloat = 0
    """What one SMS may cost at most, by `sms_price` for each of its segments; 0 for any price. Providers have
    no limit of their own: Twilio's `MaxPrice` has had no effect since June 2024."""
    twilio_account: str = ""
    """The account at Twilio, AC and 32 digits."""
    provider_timeout: PositiveFloat = 20
    """Seconds that a provider may take for one message."""
