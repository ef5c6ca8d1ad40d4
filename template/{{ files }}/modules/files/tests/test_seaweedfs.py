"""A server of this machine has its own key and its own ports, which stay, and lets nobody else in."""

import socket
from pathlib import Path

import pytest

from chassis_files.storage import Settings
from chassis_files.testing.seaweedfs import HOST, KEY_ID, installed, seaweedfs


def test_its_key_and_its_ports_stay(tmp_path: Path) -> None:
    first = seaweedfs("weed", tmp_path / "store")
    command = first.command()

    assert seaweedfs("weed", tmp_path / "store") == first
    assert len(set(first.ports.values())) == 8
    assert (f"-ip.bind={HOST}" in command, "-master.telemetry=false" in command) == (True, True)
    assert first.key not in " ".join(command)
    kept = [one for one in (tmp_path / "store").iterdir() if one.is_file()]
    assert {one.name: one.stat().st_mode & 0o777 for one in kept} == {
        "dev.json": 0o600,
        "s3.json": 0o600,
    }
    assert not first.ready()


def test_a_port_that_is_taken_is_another_one_and_the_key_stays(tmp_path: Path) -> None:
    first = seaweedfs("weed", tmp_path)
    with socket.create_server((HOST, first.ports["filer.port"])):
        second = seaweedfs("weed", tmp_path)

    assert second.key == first.key
    assert first.ports["filer.port"] not in second.ports.values()


def test_its_address_is_one_that_files_url_takes(tmp_path: Path) -> None:
    store = seaweedfs("weed", tmp_path)

    settings = Settings(files_url=store.url)

    assert settings.files_url == "s3://files"
    assert (settings.files_s3_endpoint, settings.files_s3_key_id) == (store.endpoint, KEY_ID)


def test_it_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "weed"
    program.touch(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert installed() is not None


def test_what_it_leaves_behind_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis_files.testing.seaweedfs.SOCKETS", tmp_path)
    store = seaweedfs("weed", tmp_path / "store")
    left = tmp_path / f"seaweedfs-s3-grpc-{store.ports['s3.port.grpc']}.sock"
    other = tmp_path / "seaweedfs-s3-grpc-1.sock"
    for file in (left, other):
        file.touch()

    store.tidy()

    assert (left.exists(), other.exists()) == (False, True)
