from typing import Protocol

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings

from chassis_realtime.devices import Kind

LONGEST_LIFE = 2_419_200
"""What FCM keeps at most: four weeks."""


class Settings(BaseSettings):
    """Settings of how a worker pushes; what it pushes by says PUSH_PROVIDERS."""

    push_life: int = Field(default=3600, ge=1, le=LONGEST_LIFE)
    """Seconds after an event in which it is pushed; then it is given up, by providers too."""
    push_timeout: float = Field(default=5, gt=0, le=15)
    """Seconds that a provider may take for one push, and for what lets this system in: together they
    are less than the time that a worker has a push for."""
    push_concurrency: PositiveInt = 100
    """Pushes that are under way at the same time."""
    push_interval: PositiveFloat = 0.05
    """Seconds until it is looked again what is due; longer while nothing is."""
    push_retry_max: PositiveFloat = 60
    """Seconds that the waits between two tries grow to."""
    push_waiting: PositiveInt = 100_000
    """Pushes that may wait in Redis; beyond that, events wait in RabbitMQ."""
    push_fcm_account: SecretStr | None = None
    """The JSON of a service account of Google that may send messages."""
    push_fcm_url: str = "https://fcm.googleapis.com"
    """Where FCM is."""
    push_apns_key: SecretStr | None = None
    """A key for APNs, the text of the file .p8 that Apple gives."""
    push_apns_key_id: str = ""
    """What Apple calls the key."""
    push_apns_team_id: str = ""
    """Whose the key is."""
    push_apns_topic: str = ""
    """The id of the app."""
    push_apns_url: str = "https://api.push.apple.com"
    """Where APNs is; https://api.sandbox.push.apple.com for apps under development."""
    push_vapid_key: SecretStr | None = None
    """The private key that push services of browsers know this system by."""
    push_vapid_subject: str = ""
    """Whom push services turn to: mailto: or https:."""


class PushSettings(Protocol):
    """The settings of the features that count here."""

    push_concurrency: int
    push_life: int
    push_providers: frozenset[Kind]
    push_retry_max: float
    push_vapid_public_key: str
    push_waiting: int
    push_web_hosts: frozenset[str]
    redis_namespace: str
