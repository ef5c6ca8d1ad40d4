"""A module brings what it needs, and a level what it stands on."""

import pytest

from tests.support import extension


@pytest.mark.parametrize(
    ("level", "modules", "expected"),
    [
        (1, [], []),
        (1, ["bot"], ["bot", "rabbitmq"]),
        (2, ["payments"], ["workers", "rabbitmq", "payments"]),
        (1, ["communications"], ["workers", "mongodb", "rabbitmq", "communications"]),
        (1, ["realtime"], ["rabbitmq", "redis", "realtime"]),
        (4, [], ["redis"]),
    ],
)
def test_a_module_brings_what_it_needs(level: int, modules: list[str], expected: list[str]) -> None:
    assert extension().closure(level, modules) == expected
