"""Who may do what: every route of the services that clients call, and the roles that may use it."""

import sys
from importlib import import_module
from pathlib import Path

from chassis.access.rules import PolicyRules
from chassis.identity import PUBLIC
from chassis.identity.rules import SIGNED_IN
from tools.common import ToolError, say
from tools.dev.system import SYSTEM, Service, read_system

EVERYBODY, NOBODY, KNOWN = "everybody", "nobody", "whoever is signed in"


def main() -> int:
    """Print the table of each service, and return the exit code."""
    try:
        for service in read_system(Path.cwd() / SYSTEM).services:
            if not service.upgrade:  # the others are for services only
                say("\n".join([f"{service.name}:", *table(rules_of(service)), ""]), sys.stdout)
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def rules_of(service: Service) -> PolicyRules:
    """Build a service, and give the rules that it applies."""
    module, _, factory = service.app.partition(":")
    rules: PolicyRules = getattr(import_module(module), factory)().state.rules
    return rules


def table(rules: PolicyRules) -> list[str]:
    """Say for each route what it takes, and who has it."""
    rows = [("route", "takes", "roles")]
    for method, path in rules.offered():
        takes = rules.permission_for(method, path)
        rows.append((f"{method} {path}", takes, _who(rules, takes)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"  {a:{widths[0]}}  {b:{widths[1]}}  {c}" for a, b, c in rows]


def _who(rules: PolicyRules, permission: str) -> str:
    if permission == PUBLIC:
        return EVERYBODY
    if permission == SIGNED_IN:
        return KNOWN
    roles = [role for role in rules.policy.roles if rules.policy.allows([role], permission)]
    return ", ".join(roles) or NOBODY


if __name__ == "__main__":
    sys.exit(main())
