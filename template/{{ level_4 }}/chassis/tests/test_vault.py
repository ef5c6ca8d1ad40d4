"""Secrets come from Vault, or the service does not start; nothing tells what they are."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from chassis import secret_files
from chassis.features import FeatureSettings
from chassis.testing.vault import VaultStandIn, vault

OWN = uuid4().hex
PLACE = "secret/garden/production"


class Before(BaseSettings):
    first_password: SecretStr | None = None


class Settings(Before, FeatureSettings):
    third_password: SecretStr | None = None


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[VaultStandIn]:
    with vault() as running:
        running.secrets[PLACE] = {"first_password": OWN, "THIRD_PASSWORD": f"{OWN}\n", "odd": "x"}
        for name, value in {
            "VAULT_ADDR": f"{running.address}/",
            "VAULT_KV_PATH": "garden/production",
            "VAULT_ROLE_ID": running.role_id,
            "VAULT_SECRET_ID": running.secret_id,
            "VAULT_PATIENCE": "0",
        }.items():
            monkeypatch.setenv(name, value)
        yield running


def values() -> list[str | None]:
    settings = Settings()
    found = (settings.first_password, settings.third_password)
    return [one.get_secret_value() if one else None for one in found]


def test_every_class_of_settings_finds_its_own(kept: VaultStandIn) -> None:
    assert values() == [OWN, OWN]
    assert OWN not in repr(Settings())


def test_a_token_does_as_well(kept: VaultStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.tokens.add("own")
    monkeypatch.setenv("VAULT_TOKEN", "own")

    assert values() == [OWN, OWN]
    assert kept.asked == ["GET /v1/secret/data/garden/production"]


def test_variables_and_files_count_more(
    kept: VaultStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "first_password").write_text("of the file")
    (tmp_path / "vault_secret_id").write_text(f"{kept.secret_id}\n")
    monkeypatch.delenv("VAULT_SECRET_ID")
    monkeypatch.setenv(secret_files.VARIABLE, str(tmp_path))
    monkeypatch.setenv("THIRD_PASSWORD", "of the variable")

    assert values() == ["of the file", "of the variable"]


def test_without_an_address_nothing_is_asked(
    kept: VaultStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAULT_ADDR")

    assert values() == [None, None]
    assert kept.asked == []


def refused() -> str:
    with pytest.raises(SystemExit) as ended:
        Settings()
    line = str(ended.value)
    assert line.startswith("settings: ")
    assert "\n" not in line
    assert OWN not in line
    return line


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("VAULT_SECRET_ID", "wrong-one", "auth/approle/login is answered 400"),
        ("VAULT_SECRET_ID", "", "set VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_TOKEN"),
        ("VAULT_TOKEN", "wrong-one", "secret/data/garden/production is answered 403"),
        ("VAULT_KV_PATH", "", "VAULT_KV_PATH must name the secret"),
        ("VAULT_KV_PATH", "roses", "there is nothing at secret/data/roses"),
        ("VAULT_KV_MOUNT", "kv", "there is nothing at kv/data/garden/production"),
        ("VAULT_ADDR", "vault:8200", "VAULT_ADDR"),
    ],
)
def test_what_vault_does_not_give_ends_the_process_with_one_line(
    kept: VaultStandIn, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)

    line = refused()
    assert said in line
    assert "wrong-one" not in line


@pytest.mark.parametrize("value", ["", " ", 5, None, ["a"]])
def test_a_value_must_be_a_text(kept: VaultStandIn, value: object) -> None:
    kept.secrets[PLACE]["first_password"] = value

    assert "first_password must be a text that is not empty" in refused()


def test_a_secret_that_was_deleted_is_none(kept: VaultStandIn) -> None:
    kept.secrets[PLACE] = None  # type: ignore[assignment]  # as Vault has it

    assert "was deleted" in refused()


def test_a_service_waits_for_vault(kept: VaultStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_PATIENCE", "30")
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    kept.sealed = 3

    assert values() == [OWN, OWN]
    assert len(waited) == 3


def test_a_service_does_not_wait_for_ever(kept: VaultStandIn) -> None:
    kept.sealed = 1

    assert "does not answer: it answers 503" in refused()


def test_vault_that_is_gone_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    monkeypatch.setenv("VAULT_KV_PATH", "garden")
    monkeypatch.setenv("VAULT_TOKEN", OWN)
    monkeypatch.setenv("VAULT_PATIENCE", "0")

    assert "Vault at http://127.0.0.1:1 does not answer" in refused()


def test_an_answer_that_is_none_of_vault_is_refused(
    kept: VaultStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "answer", lambda *_: (200, {"secret": OWN}))
    assert "its answer has not the form of Vault's" in refused()

    monkeypatch.setattr(kept, "answer", lambda *_: (307, {}))
    assert "is answered 307" in refused()
