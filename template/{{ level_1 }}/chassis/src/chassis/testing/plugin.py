"""Fixtures and markers for the tests of services; pytest finds them by this package's entry point.

What is tested is imported late: lines that run before their coverage is measured do not count.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fastapi import FastAPI
    from httpx2 import AsyncClient


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that asks for a report."""
    help_text = "write what became of each test, and the requirements that it names, as JSON"
    parser.addoption("--outcomes", type=Path, metavar="PATH", help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Let tests name the requirements that they prove."""
    from chassis.testing.outcomes import Outcomes  # noqa: PLC0415
    from chassis.testing.requirements import FILE, Requirements  # noqa: PLC0415

    config.addinivalue_line("markers", f"requirement(*ids): ids of {FILE} that the test proves")
    config.pluginmanager.register(Requirements(config.rootpath))
    if path := config.getoption("outcomes"):
        config.pluginmanager.register(Outcomes(config.invocation_params.dir / path))


def pytest_collection_finish() -> None:
    """Let tests see no setting of the shell: by now everything that reads settings is known."""
    from chassis.testing.variables import forget_settings, pass_proxies_by  # noqa: PLC0415

    forget_settings(os.environ)
    pass_proxies_by(os.environ)


@pytest.fixture(scope="session", autouse=True)
def reset_logs() -> Callable[[], None]:
    """Give what sets the logs of the process to what they are at the beginning."""
    names = ("", "uvicorn", "uvicorn.access", "uvicorn.error", "httpx", "httpx2")
    loggers = [logging.getLogger(name) for name in names]
    first = [(one, one.level, one.propagate, list(one.handlers)) for one in loggers]

    def reset() -> None:
        for logger, level, propagate, handlers in first:
            if logger.level != level:  # to set it costs time
                logger.setLevel(level)
            logger.propagate = propagate
            logger.handlers[:] = handlers

    return reset


@pytest.fixture(autouse=True)
def untouched_logs(reset_logs: Callable[[], None]) -> Iterator[None]:
    """Have each test begin with the same logs; every application that is built sets them."""
    reset_logs()
    yield
    reset_logs()


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Call the ``app`` that the tests define, while it runs."""
    from httpx2 import ASGITransport, AsyncClient  # noqa: PLC0415

    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app=app), base_url="http://testserver") as client,
    ):
        yield client
