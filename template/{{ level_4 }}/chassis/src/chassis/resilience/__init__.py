"""Resilience: a service that is ill does not make ill those that call it.

Calls over ``app.state.http`` end with the deadline of the request that they are made for. A service
that keeps failing is left alone for a while (circuit breaker), and one that is slow takes no more
than its share of what is there (bulkhead): who needs neither notices nothing.
"""

from chassis.feature import Host, no_lifespan
from chassis.resilience.breaker import Breaker, LeftAlone
from chassis.resilience.bulkhead import Bulkhead
from chassis.resilience.guarded import Guarded
from chassis.resilience.guards import Guard, Guards
from chassis.resilience.settings import Settings

__all__ = [
    "Breaker",
    "Bulkhead",
    "Guard",
    "Guarded",
    "Guards",
    "LeftAlone",
    "Settings",
    "install",
    "lifespan",
]


def install(host: Host, settings: Settings) -> None:
    """Put the guards, which are at ``state.guards``, before the calls of ``state.http``."""
    host.state.guards = Guards(settings)
    host.state.http.interceptors.append(host.state.guards)


lifespan = no_lifespan
