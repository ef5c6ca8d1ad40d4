from chassis.access.issuer_tokens import IssuerTokens
from chassis.identity.principal import Principal
from chassis.identity.service_tokens import ServiceTokens


class Callers:
    """Says whose token it is: of a user, or of a service of this system."""

    def __init__(self, users: IssuerTokens, services: ServiceTokens) -> None:
        self._users = users
        self._services = services

    async def principal_of(self, token: str) -> Principal:
        """Check a token; raises InvalidToken or KeysUnknown."""
        # Neither takes a token of the other's type, so none passes for another.
        known = self._services if self._services.are_of(token) else self._users
        return await known.principal_of(token)
