"""The fixtures of tests over documents; pytest finds them by this package's entry point.

What is tested is imported late: lines that run before their coverage is measured do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# PyMongo leaves a connection to the garbage collector that it is opening when it is closed.
# Where it leads nowhere is what tells such a socket from one that somebody forgot.
_GIVEN_UP = r"unclosed <socket\.socket fd=\d+, family=\d+, type=1, proto=6, laddr=\([^)]*\)>"


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Let it: not only tests of documents end while a service looks for a MongoDB that is away."""
    early_config.addinivalue_line("filterwarnings", f"ignore:{_GIVEN_UP}:ResourceWarning")


@pytest.fixture(scope="session")
def mongodb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a server of MongoDB's protocol for all tests; it starts with the first that asks."""
    from tools.dev.servers.mongodb import Node, installed  # noqa: PLC0415

    node = Node(installed(), tmp_path_factory.mktemp("mongodb") / "data")
    node.start()
    yield node.url
    node.kill()


@pytest.fixture
def mongo_settings(mongodb_url: str) -> dict[str, Any]:
    """Give the settings that lead to a database of a test's own, which goes with the server."""
    return {"mongodb_url": mongodb_url, "mongodb_database": f"test_{uuid4().hex}"}


@pytest.fixture
def mongo_nowhere() -> dict[str, Any]:
    """Give the settings of a MongoDB that is away."""
    return {"mongodb_url": "mongodb://127.0.0.1:1", "mongodb_connect_timeout": 0.1}
