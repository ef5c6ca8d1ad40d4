"""The Redis of Compose files, by its own command, where the program is installed."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import yaml

from tests.matrix.renderer import Renderer
from tests.support import ROOT, answers_of

PROGRAM = "redis-server"
PATIENCE_S = 20

pytestmark = pytest.mark.skipif(not shutil.which(PROGRAM), reason=f"no {PROGRAM} on the PATH")


@pytest.fixture(scope="module")
def command() -> Sequence[str]:
    """What the container of a new project runs."""
    answers = {**answers_of("task_manager"), "level": 1, "modules": ["redis"]}
    compose = yaml.safe_load(Renderer(ROOT).render(answers).text("deploy/compose/redis.yml"))
    words: list[str] = compose["services"]["redis"]["command"]
    assert words[0] == PROGRAM
    return words


@pytest.fixture(scope="module")
def script() -> str:
    """What the shell of the container in production runs."""
    answers = {**answers_of("task_manager"), "level": 3, "modules": ["redis"]}
    compose = yaml.safe_load(Renderer(ROOT).render(answers).text("deploy/production/redis.yml"))
    shell, option, script = compose["services"]["redis"]["command"]
    assert (shell, option) == ("sh", "-c")
    return str(script).replace("$$", "$")


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[socket.socket]:
    """Run it on a port of its own; give a connection."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    place = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    process = subprocess.Popen([*command, *place], stdout=subprocess.DEVNULL)
    try:
        with connected(port) as connection:
            yield connection
    finally:
        process.kill()
        process.wait()


def connected(port: int) -> socket.socket:
    end = time.monotonic() + PATIENCE_S
    while True:
        with suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        assert time.monotonic() < end, "it does not start"
        time.sleep(0.02)


def asked(connection: socket.socket, *words: str) -> str:
    """Send one command; give the answer, as it is on the wire."""
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
    return connection.recv(4096).decode()


@pytest.mark.parametrize(
    "password", ["plain", "--protected-mode", "two words", "p@ss/w:rd#1?&%25", "it's", "пароль"]
)
def test_any_password_is_one_and_memory_has_a_bound(
    command: Sequence[str], tmp_path: Path, password: str
) -> None:
    given = [word.replace("${REDIS_PASSWORD:?run make env}", password) for word in command]

    with running(given, tmp_path) as connection:
        assert asked(connection, "PING").startswith("-NOAUTH")
        assert asked(connection, "AUTH", password) == "+OK\r\n"
        assert "268435456" in asked(connection, "CONFIG", "GET", "maxmemory")
        assert "noeviction" in asked(connection, "CONFIG", "GET", "maxmemory-policy")
        assert "yes" in asked(connection, "CONFIG", "GET", "appendonly")


@pytest.mark.about("level_3")
@pytest.mark.parametrize(
    "password", ["plain", "two words", 'say "x"', "back\\slash\\", "it's", "$HOME `id` %", "пароль"]
)
def test_any_password_of_production_is_one(script: str, tmp_path: Path, password: str) -> None:
    secret = tmp_path / "redis_password"
    secret.write_text(password)
    # Not the user's of the image, and a port that is free.
    here = script.replace("docker-entrypoint.sh ", "").replace("/run/secrets", str(tmp_path))
    own = f"redis-server - --dir {tmp_path} --bind 127.0.0.1 --port"

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = ["sh", "-c", here.replace("redis-server -", f"{own} {port}", 1)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        with connected(port) as connection:
            assert asked(connection, "PING").startswith("-NOAUTH")
            assert asked(connection, "AUTH", password) == "+OK\r\n"
    finally:
        process.kill()
        process.wait()
