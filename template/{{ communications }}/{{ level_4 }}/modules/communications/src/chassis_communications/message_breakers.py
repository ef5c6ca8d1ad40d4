"""A provider that keeps failing is left alone for a while: messages wait, and nothing is unknown."""

from chassis.feature import no_lifespan
from chassis.problems import OutcomeUnknown
from chassis.resilience import Breaker, Guarded, LeftAlone, Settings
from chassis_communications.providers import NotReached, NotSent, Outgoing, Provider, Taken
from chassis_workers.process import Worker

__all__ = ["BehindBreaker", "Settings", "install", "lifespan"]

ILL = "The provider keeps failing, and is left alone for a while."


class BehindBreaker:
    """A provider behind a breaker; what it refuses is no failure."""

    def __init__(self, provider: Provider, breaker: Breaker, pause: float) -> None:
        self.name, self.address = provider.name, provider.address
        self._provider = provider
        self._send = Guarded(provider.send, breaker, (NotReached, OutcomeUnknown))
        self._pause = pause

    async def send(self, message: Outgoing) -> Taken:
        """Send a message, if the breaker lets it pass; raises NotSent otherwise."""
        try:
            return await self._send(message)
        except LeftAlone as ill:
            raise NotSent(ILL, again=True, after=self._pause) from ill

    async def close(self) -> None:
        """Close what is open."""
        await self._provider.close()


def install(worker: Worker, settings: Settings) -> None:
    """Put the guard of its address before each provider, as before every other service."""
    providers, guards = worker.state.message_providers, worker.state.guards
    for channel, provider in list(providers.items()):
        breaker = guards.before(provider.address).breaker
        providers[channel] = BehindBreaker(provider, breaker, settings.breaker_pause)


lifespan = no_lifespan
