"""Who asks, for routes that show each user another part of what there is."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from chassis.identity import Principal, current
from chassis.identity.rules import Rules


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, and what it may do besides what the route takes."""

    principal: Principal | None
    rules: Rules

    @property
    def id(self) -> str:
        """Give the id of who asks; empty on a route that is public."""
        return self.principal.identity if self.principal else ""

    def may(self, permission: str) -> bool:
        """Say whether it has a permission, such as ``loans:read_all``."""
        return self.principal is not None and self.rules.allows(self.principal, permission)


async def _who(connection: HTTPConnection) -> Who:
    return Who(current(), connection.app.state.rules)


Asking = Annotated[Who, Depends(_who)]
"""A parameter of a route: ``async def list_loans(asking: Asking) -> ...``."""
