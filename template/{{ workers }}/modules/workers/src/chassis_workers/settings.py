from pydantic import PositiveFloat, PositiveInt

from chassis_rabbitmq import rabbitmq_settings


class Settings(rabbitmq_settings.Settings):
    """Settings of a worker, and of the RabbitMQ that it listens to."""

    worker_concurrency: PositiveInt = 10
    """Messages that are handled at the same time; with 1 they are handled in order."""
    worker_prefetch: PositiveInt = 50
    """Messages of one queue that are in hand: what is handled, and what waits for another try."""
    worker_retry_delay: PositiveFloat = 1
    """Seconds before a message is tried again; each further time takes twice as long."""
    worker_retry_delay_max: PositiveFloat = 30
    """Seconds that this wait grows to."""
    worker_outage_patience: PositiveFloat = 600
    """Seconds that a message waits for a service that is away before that costs it an attempt.

    RabbitMQ takes a message back that is in hand for longer than half an hour.
    """
    worker_stop_timeout: PositiveFloat = 10
    """Seconds that messages in hand get to be finished when the worker stops."""
