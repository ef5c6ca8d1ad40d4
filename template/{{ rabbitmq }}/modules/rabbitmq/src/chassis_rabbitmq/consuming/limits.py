"""How much a process takes in hand at once, and how often and how long it tries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of handling; all times are in seconds."""

    concurrency: int = 10
    """Messages that are handled at the same time; with 1 they are handled in order."""
    prefetch: int = 20
    """Messages of one queue that are in hand: what is handled, and what waits for another try."""
    attempts: int = 6
    """How often a message is tried before it becomes a dead letter."""
    retry_delay: float = 1
    """Before a message is tried again; each further time takes twice as long."""
    retry_delay_max: float = 30
    """What this wait grows to."""
    hold_time: float = 1200
    """How long a message is in hand while a service is away; then it goes to the queue's end."""
    stop_timeout: float = 10
    """What messages in hand get to be finished when the process stops."""

    def delay(self, failures: int) -> float:
        """Say how long to wait after so many failures."""
        # The exponent is bounded: so many doublings are beyond every maximum.
        return min(self.retry_delay * 2.0 ** min(failures - 1, 30), self.retry_delay_max)
