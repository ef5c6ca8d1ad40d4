from pydantic import Field, PositiveFloat, PositiveInt

from chassis_rabbitmq import rabbitmq_settings
from chassis_rabbitmq.consuming.limits import Limits
from chassis_rabbitmq.topology import DELIVERY_LIMIT


class Settings(rabbitmq_settings.Settings):
    """Settings of a worker, and of the RabbitMQ that it listens to."""

    worker_concurrency: PositiveInt = 10
    """Messages that are handled at the same time; with 1 they are handled in order."""
    worker_prefetch: PositiveInt = 20
    """Messages of one queue that are in hand: what is handled, and what waits for another try.

    A lost connection costs each of them an attempt.
    """
    # Well below what RabbitMQ allows: it says nothing in any log when it puts a message aside.
    worker_attempts: int = Field(default=6, ge=1, le=DELIVERY_LIMIT // 4)
    """How often a message is tried before it becomes a dead letter."""
    worker_retry_delay: PositiveFloat = 1
    """Seconds before a message is tried again; each further time takes twice as long."""
    worker_retry_delay_max: PositiveFloat = 30
    """Seconds that this wait grows to."""
    worker_hold_time: PositiveFloat = 1200
    """Seconds that a message is in hand while a service is away; then it goes to the queue's end.

    RabbitMQ allows half an hour (consumer_timeout) before it takes a message, or all of them, away.
    """
    worker_stop_timeout: PositiveFloat = 10
    """Seconds that messages in hand get to be finished when the worker stops."""

    def limits(self) -> Limits:
        """Give them as the bounds of handling."""
        return Limits(
            concurrency=self.worker_concurrency,
            prefetch=self.worker_prefetch,
            attempts=self.worker_attempts,
            retry_delay=self.worker_retry_delay,
            retry_delay_max=self.worker_retry_delay_max,
            hold_time=self.worker_hold_time,
            stop_timeout=self.worker_stop_timeout,
        )
