"""A worker as a process: what its features and handlers see of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from faststream.rabbit import RabbitBroker, RabbitQueue

from chassis.process import Process
from chassis_rabbitmq.consuming.handling import Handling
from chassis_rabbitmq.consuming.subscriptions import Subscriptions
from chassis_workers.once import on_behalf_of
from chassis_workers.settings import Settings

type Work = Callable[[], Awaitable[object]]
"""Something that goes on until it is cancelled."""


class Worker(Process):
    """A process that handles messages; features are installed in it as in a web application.

    The settings are at ``worker.state.settings``.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.subscriptions = Subscriptions(name, settings, settings.limits(), on_behalf_of)
        self.beside: list[Subscriptions] = []
        """What it takes from RabbitMQ by other rules than these, such as in order."""
        self.meanwhile: Work = asyncio.Event().wait
        """What it does besides handling messages."""

    @property
    def broker(self) -> RabbitBroker:
        """The connection to RabbitMQ."""
        return self.subscriptions.broker

    @property
    def handling(self) -> Handling:
        """What messages are handled with; a feature adds its scope there."""
        return self.subscriptions.handling

    @property
    def queues(self) -> list[RabbitQueue]:
        """What it takes messages from."""
        return [queue for one in (self.subscriptions, *self.beside) for queue in one.queues]

    async def work(self) -> None:
        """Handle messages until cancelled; what is in hand is finished or given back."""
        async with AsyncExitStack() as stack:
            for one in (self.subscriptions, *self.beside):
                await stack.enter_async_context(one.running())
            await self.meanwhile()
