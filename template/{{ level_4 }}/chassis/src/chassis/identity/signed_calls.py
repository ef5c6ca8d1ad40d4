"""Calls to other services of this system are signed, and say on whose behalf they are made."""

from dataclasses import replace

from chassis.feature import Host, no_lifespan
from chassis.health.services import addresses
from chassis.http_client import Call, Reply, Request
from chassis.identity.service_tokens import ServiceTokens
from chassis.identity.settings import Settings


class SignedCalls:
    """Signs the calls to some addresses; others learn nothing of it."""

    def __init__(self, tokens: ServiceTokens, service: str) -> None:
        self._tokens = tokens
        self._service = service
        self._addresses: tuple[str, ...] = ()

    def to(self, address: str) -> None:
        """Sign what is sent to a service of this system."""
        self._addresses = (*self._addresses, f"{address.rstrip('/')}/")

    async def __call__(self, request: Request, call: Call) -> Reply:
        """Make the call."""
        if request.url.startswith(self._addresses):
            token = self._tokens.made_by(self._service)
            headers = {**(request.headers or {}), "Authorization": f"Bearer {token}"}
            request = replace(request, headers=headers)
        return await call(request)


def install(host: Host, settings: Settings) -> None:
    """Sign the calls to the services that settings name ``..._api_url``."""
    tokens = ServiceTokens(settings.service_key.get_secret_value(), settings.clock_leeway)
    host.state.signed_calls = signed = SignedCalls(tokens, host.state.service.name)
    for address in addresses(settings).values():
        signed.to(address)
    host.state.http.interceptors.append(signed)


lifespan = no_lifespan
