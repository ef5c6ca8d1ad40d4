"""Who asks in tests: somebody who may do everything, unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Scope

    from chassis.identity import Principal
    from chassis.identity.guard import Guard

ROLE: Final = "admin"
HEADER: Final = b"authorization"


@pytest.fixture(scope="session", autouse=True)
def tester() -> Iterator[list[Principal | None]]:
    """Have requests without a right token come from a tester; each Authorization is another one."""
    from chassis.identity.errors import InvalidToken, KeysUnknown  # noqa: PLC0415  # as in the plugin
    from chassis.identity.guard import Guard  # noqa: PLC0415
    from chassis.identity.principal import Principal  # noqa: PLC0415

    asking: list[Principal | None] = [Principal("tester", frozenset({ROLE}))]
    checked = Guard.principal_of

    async def principal_of(guard: Guard, scope: Scope) -> Principal:
        try:
            return await checked(guard, scope)
        except (InvalidToken, KeysUnknown):
            if asking[0] is None:
                raise
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == HEADER]
        return replace(asking[0], identity=" ".join([asking[0].identity, *sent]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guard, "principal_of", principal_of)
        yield asking


@pytest.fixture
def ask_as(tester: list[Principal | None]) -> Iterator[Callable[[Principal | None], None]]:
    """Have the requests of a test come from somebody else: ``ask_as(Principal("anna"))``.

    With None they come from whom their token names, and without one from nobody.
    """
    before = tester[0]

    def change(principal: Principal | None) -> None:
        tester[0] = principal

    yield change
    tester[0] = before
