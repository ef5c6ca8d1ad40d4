"""Providers: what sends email and SMS, one adapter for each, behind one port."""

from collections.abc import Mapping

from chassis_communications.addresses import Channel
from chassis_communications.providers.port import NotReached, NotSent, Outgoing, Provider, Taken
from chassis_communications.providers.sendgrid import SendGridEmail
from chassis_communications.providers.settings import EmailSettings, SmsSettings
from chassis_communications.providers.smtp import SmtpEmail
from chassis_communications.providers.twilio import TwilioSms

__all__ = [
    "EmailSettings",
    "NotReached",
    "NotSent",
    "Outgoing",
    "Provider",
    "SmsSettings",
    "Taken",
    "providers_of",
]


class Settings(EmailSettings, SmsSettings):
    """How messages are sent."""


def providers_of(settings: Settings) -> Mapping[Channel, Provider]:
    """Give the provider of each channel that has one."""
    found: dict[Channel, Provider] = {}
    if settings.email_url.startswith("http"):
        found["email"] = SendGridEmail(settings)
    elif settings.email_url:
        found["email"] = SmtpEmail(settings)
    if settings.sms_url:
        found["sms"] = TwilioSms(settings)
    return found
