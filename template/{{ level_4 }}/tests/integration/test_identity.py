"""Nobody gets in without a token, and nobody further than the policy says, on the running system."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import httpx2
import pytest
from tools.dev import identity
from tools.dev.system import base_environment
from tools.policy import table

from chassis.access.policy import Policy
from chassis.access.rules import PolicyRules
from chassis.identity import PUBLIC, Principal
from chassis.identity.rules import SIGNED_IN, Rules
from chassis.identity.service_tokens import ROLE
from tests.integration.system import (
    NO_DATABASE,
    ROOT,
    Started,
    application,
    client_headers,
    document,
    environment,
    system,
)

TIMEOUT_S = 20
UNKNOWN = "00000000-0000-4000-8000-000000000000"
NOBODY = "a-role-that-nobody-has-named"


@pytest.fixture(autouse=True)
def nobody_is_assumed(ask_as: Callable[[Principal | None], None]) -> None:
    ask_as(None)


@pytest.fixture
def started(services: Mapping[str, Started], service: str) -> Started:
    """A running service."""
    return services[service]


@pytest.fixture
def rules(started: Started) -> Any:
    """What the service asks of those who call it."""
    return rules_of(started.service.name)


@cache  # to build a service takes longer than a test
def rules_of(name: str) -> Any:
    """What a service asks of those who call it."""
    (service,) = (one for one in system().services if one.name == name)
    return application(service, environment(service, NO_DATABASE)).state.rules


@pytest.fixture
def policy(started: Started, rules: PolicyRules) -> Policy:
    """The policy of a business service."""
    if started.service.upgrade:
        pytest.skip("it is for services alone")
    return rules.policy


def operations(name: str) -> Iterator[tuple[str, str]]:
    """Give each operation of a service by its method and path."""
    for path, methods in document(name)["paths"].items():
        yield from ((method.upper(), path) for method in methods)


def asked(url: str, service: str, headers: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """Use every operation, and give the answers; bodies are empty, so that nothing is made."""
    with httpx2.Client(base_url=url, timeout=TIMEOUT_S, headers=headers) as http:
        return {
            (method, path): _status(http, method, _filled(path))
            for method, path in operations(service)
        }


def _status(http: httpx2.Client, method: str, path: str) -> int:
    """Ask, and leave what is answered unread: a stream of events has no end."""
    with http.stream(method, path) as answer:
        return answer.status_code


def _filled(path: str) -> str:
    return "/".join(UNKNOWN if part.startswith("{") else part for part in path.split("/"))


def of(roles: list[str]) -> dict[str, str]:
    """Make the header of a user with these roles."""
    known = base_environment(ROOT, (), system().stand_ins)
    return {"Authorization": f"Bearer {identity.token_of(ROOT, 'anna', roles, known)}"}


def test_without_a_token_nothing_is_done(started: Started, service: str, rules: Rules) -> None:
    answers = asked(started.url, service, {})

    for route, status in answers.items():
        is_public = rules.permission_for(*route) == PUBLIC
        assert (status == httpx2.codes.UNAUTHORIZED) != is_public, f"{route} is answered {status}"


def test_a_role_that_the_policy_does_not_name_may_do_nothing(
    started: Started, service: str, rules: PolicyRules, policy: Policy
) -> None:
    assert NOBODY not in policy.roles
    answers = asked(started.url, service, of([NOBODY]))

    opened = {PUBLIC, SIGNED_IN}
    closed = {route for route in answers if rules.permission_for(*route) not in opened}
    assert {answers[route] for route in closed} <= {403}


def test_each_role_may_do_what_the_policy_says(
    started: Started, service: str, rules: PolicyRules, policy: Policy
) -> None:
    for role in policy.roles:
        answers = asked(started.url, service, of([role]))
        for route, status in answers.items():
            permission = rules.permission_for(*route)
            may = permission == PUBLIC or policy.allows([role], permission)
            assert (status not in {401, 403}) == may, f"{role}: {route} is answered {status}"
            assert status < httpx2.codes.INTERNAL_SERVER_ERROR, f"{role}: {route}: {status}"


def test_a_data_service_takes_no_token_of_a_user(started: Started, service: str) -> None:
    if not started.service.upgrade:
        pytest.skip("it is for users")

    assert set(asked(started.url, service, of(["admin"])).values()) == {401}


def test_another_service_may_do_what_the_policy_allows_services(
    started: Started, service: str, rules: PolicyRules, policy: Policy
) -> None:
    keeper = next(one for one in system().services if one.upgrade)

    answers = asked(started.url, service, client_headers(keeper))

    for route, status in answers.items():
        permission = rules.permission_for(*route)
        may = permission == PUBLIC or policy.allows([ROLE], permission)
        assert (status != httpx2.codes.FORBIDDEN) == may, f"{route} is answered {status}"


def test_every_role_is_printed(rules: PolicyRules, policy: Policy) -> None:
    printed = "\n".join(table(rules))

    assert {role for role in policy.roles if role in printed} == set(policy.roles)
