"""Roles that are given: the policy names them, and nobody gives more than they have."""

from collections.abc import Iterable

from fastapi import Request

from chassis.access_log import route_of
from chassis.identity import current
from chassis.problems import Invalid
from chassis_accounts.errors import MORE, Forbidden


def check_roles(request: Request, roles: list[str]) -> None:
    """Refuse a role that the policy does not name, as it may be misspelt, and one that may too much."""
    known = sorted(request.app.state.rules.policy.roles)
    if unknown := sorted({*roles} - {*known}):
        raise Invalid(
            f"{unknown[0]} is no role of policy.toml; there are: {', '.join(known)}", field="roles"
        )
    check_power_over(request, roles)


def check_power_over(request: Request, roles: Iterable[str]) -> None:
    """Raise Forbidden for a role that may something which who asks may not; the audit log has it.

    Else whoever may change accounts, by `*:update` for instance, could make themselves an
    administrator, or set the password of one.
    """
    rules, who = request.app.state.rules, current()
    for role in sorted({*roles}):
        permissions = rules.policy.roles.get(role, ())
        if who is None or not all(rules.allows(who, permission) for permission in permissions):
            for told in request.app.state.refused:
                told(f"{request.method} {route_of(request.scope)}")
            raise Forbidden(MORE.format(role=role))
