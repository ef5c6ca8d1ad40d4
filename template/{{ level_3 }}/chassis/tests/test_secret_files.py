"""Secrets come from files, whatever class of settings they belong to."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from chassis import secret_files
from chassis.features import FeatureSettings


class Before(BaseSettings):
    first_password: SecretStr | None = None


class After(BaseSettings):
    second_password: SecretStr | None = None


class Settings(Before, FeatureSettings, After):
    third_password: SecretStr | None = None


NAMES = ("first_password", "second_password", "third_password")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        (tmp_path / name).write_text(f"{name} of the file\n")
    monkeypatch.setenv(secret_files.VARIABLE, str(tmp_path))
    return tmp_path


def values(settings: Settings) -> list[str | None]:
    found = [getattr(settings, name) for name in NAMES]
    return [one and one.get_secret_value() for one in found]


def test_every_class_of_settings_finds_its_file(folder: Path) -> None:
    assert values(Settings()) == [f"{name} of the file" for name in NAMES]


def test_a_variable_counts_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_PASSWORD", "of the variable")

    assert values(Settings())[1] == "of the variable"


def test_without_a_folder_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(secret_files.VARIABLE, raising=False)

    assert values(Settings()) == [None, None, None]


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_file_ends_the_process_with_one_line(folder: Path, content: str) -> None:
    (folder / "second_password").write_text(content)

    with pytest.raises(SystemExit) as ended:
        Settings()

    assert str(ended.value) == (
        f"settings: {folder}/second_password is empty: it must hold SECOND_PASSWORD"
    )


def test_a_file_that_is_no_text_is_not_shown(folder: Path) -> None:
    (folder / "second_password").write_bytes(b"\xff\xfe secret")

    with pytest.raises(SystemExit, match="second_password cannot be read") as ended:
        Settings()

    assert "secret" not in str(ended.value)


def test_a_folder_that_is_missing_is_said_without_a_traceback(tmp_path: Path) -> None:
    code = "from chassis.features import FeatureSettings; FeatureSettings()"

    done = subprocess.run(  # noqa: S603  # this very Python
        [sys.executable, "-c", code],
        env={secret_files.VARIABLE: str(tmp_path / "gone")},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("settings: SECRETS_DIR must name a folder that can be read, got: ")
