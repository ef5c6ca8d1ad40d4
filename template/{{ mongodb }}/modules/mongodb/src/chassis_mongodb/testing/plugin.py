"""The fixtures of tests over documents; pytest finds them by this package's entry point.

What is tested is imported late: lines that run before their coverage is measured do not count.
"""

from __future__ import annotations

import gc
import warnings
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


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
def mongo_nowhere() -> Iterator[dict[str, Any]]:
    """Give the settings of a MongoDB that is away."""
    yield {"mongodb_url": "mongodb://127.0.0.1:1", "mongodb_connect_timeout": 0.1}
    with warnings.catch_warnings():
        # PyMongo leaves a connection to the garbage collector that it is opening when it is closed.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
