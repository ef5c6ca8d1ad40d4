"""A module brings what it needs, and a level what it stands on."""

from typing import Any

import pytest

from tests.support import extension


def row(level: int, modules: list[str], expected: list[str]) -> Any:
    about = pytest.mark.about(f"level_{level}", *expected)
    return pytest.param(level, modules, expected, marks=about)


@pytest.mark.parametrize(
    ("level", "modules", "expected"),
    [
        row(1, [], []),
        row(1, ["bot"], ["bot", "rabbitmq", "redis"]),
        row(2, ["payments"], ["workers", "rabbitmq", "payments"]),
        row(1, ["communications"], ["workers", "mongodb", "rabbitmq", "communications"]),
        row(1, ["realtime"], ["workers", "rabbitmq", "redis", "realtime"]),
        row(4, [], ["redis"]),
    ],
)
def test_a_module_brings_what_it_needs(level: int, modules: list[str], expected: list[str]) -> None:
    assert extension().closure(level, modules) == expected
