"""A notice is passed on to a provider, if those who guard its host let it pass.

A host that is slow takes no more than its share of the places, and one that keeps failing is left alone.
Each provider has guards of its own: FCM and the push service of Chrome have the same host, and hosts of
Web Push are named by clients, so they are in no metric.
"""

import logging
from collections.abc import Mapping

from chassis.problems import Overloaded
from chassis.resilience import Guarded, Guards, LeftAlone
from chassis_realtime.devices import Kind, PushDeviceRead
from chassis_realtime.push.providers import Answer, Notice, Outcome, Provider, ProviderAway

LEFT_ALONE = Answer(Outcome.AWAY, reason="it keeps failing, and is left alone for a while")

logger = logging.getLogger(__name__)


class Passing:
    """Reaches every provider that is on."""

    def __init__(self, providers: Mapping[Kind, Provider], guards: Mapping[Kind, Guards]) -> None:
        self._providers = dict[str, Provider](providers.items())
        self._guards = dict[str, Guards](guards.items())

    def reaches(self, kind: Kind) -> bool:
        """Tell whether a provider is on."""
        return kind in self._providers

    def leaves_alone(self, kind: Kind) -> bool:
        """Tell whether no device of a provider would be told anything now."""
        host = self._providers[kind].only_host
        return host is not None and self._guards[kind].before(host).breaker.refuses

    async def __call__(self, device: PushDeviceRead, notice: Notice, life: int) -> Answer:
        """Say what has become of it."""
        provider = self._providers[device.kind]
        host = provider.host(device)
        guard = self._guards[device.kind].before(host)
        send = Guarded(provider.send, guard.breaker, (ProviderAway,))
        try:
            async with guard.bulkhead.place():
                return await send(device, notice, life)
        except ProviderAway as away:
            logger.warning("%s fails: %s", host, away)
            return Answer(Outcome.AWAY, away.after, str(away))
        except LeftAlone:
            return LEFT_ALONE
        except Overloaded as full:
            return Answer(Outcome.LATER, reason=full.detail)
