from pydantic import PositiveFloat

from chassis_communications.settings import CommonSettings


class Settings(CommonSettings):
    """What providers prove themselves with."""

    sendgrid_webhook_key: str = ""
    """The public key of SendGrid's event webhook, as SendGrid shows it."""
    ses_topic: str = ""
    """The ARN of the topic of SNS that tells of SES; no other one is believed."""
    webhook_timeout: PositiveFloat = 5
    """Seconds that a certificate of SNS may take to come."""
