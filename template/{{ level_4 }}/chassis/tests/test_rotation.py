"""New secrets are taken while the service runs; where they cannot be read, the last ones count."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis import secret_files
from chassis.database import DatabaseSettings
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.database.settings import address
from chassis.rotation.watch import Watch

KEY = "k" * 32


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "database_password").write_text("first")
    monkeypatch.setenv(secret_files.VARIABLE, str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    return tmp_path


@pytest.fixture
def taken() -> list[str | None]:
    return []


@pytest.fixture
def watch(folder: Path, taken: list[str | None]) -> Watch:
    def change(settings: DatabaseSettings) -> None:
        taken.append(address(settings).password)

    return Watch(DataSettings(), change, 0.001)


async def test_a_new_password_is_taken_once(
    watch: Watch, folder: Path, taken: list[str | None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await watch.look()
    assert taken == []

    (folder / "database_password").write_text("second")
    await watch.look()
    await watch.look()

    assert taken == ["second"]
    assert caplog.messages == ["New secrets: database_password"]


async def test_what_needs_a_restart_is_said(
    watch: Watch, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "service_key").write_text(KEY)
    await watch.look()

    assert "These need a restart to be used: service_key" in caplog.messages
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("name", "content"), [("database_password", ""), ("service_key", "too short")]
)
async def test_what_cannot_be_read_is_said(
    watch: Watch, folder: Path, caplog: pytest.LogCaptureFixture, name: str, content: str
) -> None:
    (folder / name).write_text(content)
    await watch.look()

    assert "New secrets" not in caplog.text
    assert "The secrets cannot be read again, the last ones count" in caplog.text
    assert "too short" not in caplog.text


async def test_it_looks_again_and_again(
    watch: Watch, folder: Path, taken: list[str | None]
) -> None:
    async with watch.running(), asyncio.timeout(5):
        (folder / "database_password").write_text("second")
        while not taken:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    assert taken == ["second"]


@pytest.mark.parametrize(("variable", "looks"), [(secret_files.VARIABLE, False), ("OTHER", True)])
async def test_a_service_looks_where_secrets_can_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, *, looks: bool
) -> None:
    assert folder
    monkeypatch.delenv(variable, raising=False)
    begun: list[str] = []
    app = build_data_app("Data", [], DataSettings())
    monkeypatch.setattr(app.state.secrets, "running", lambda: _noted(begun))

    async with app.router.lifespan_context(app):
        pass

    assert begun == (["begun"] if looks else [])


@asynccontextmanager
async def _noted(begun: list[str]) -> AsyncIterator[None]:
    begun.append("begun")
    yield
