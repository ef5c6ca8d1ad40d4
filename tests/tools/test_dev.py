import os
import socket
import sys
from pathlib import Path

import pytest

pytest.importorskip("dotenv")
pytest.importorskip("psutil")

from tools.common import ToolError, UsageError
from tools.common.processes import Users, only_one
from tools.dev import postgres
from tools.dev import postmaster as owner_module
from tools.dev.__main__ import main
from tools.dev.postgres import installed_postgres, socket_folder
from tools.dev.postmaster import Owner, database_owner, postmaster_of
from tools.dev.servers import Connection, database, servers
from tools.dev.service import Lines, Options, command, process_command
from tools.dev.system import (
    base_environment,
    chosen_ports,
    migration_environment,
    read_system,
    service_environment,
)

SERVICES = """
[dev]
host = "127.0.0.1"
start_timeout_s = 20
reload_dirs = ["shared/src", "modules/*/src"]

[database]
data = ".dev/postgres"
url = "postgresql+asyncpg://postgres@/postgres?host={socket_dir}"
variable = "DATABASE_URL"
owner_url = "postgresql+asyncpg://postgres@/postgres?host={socket_dir}"
owner_variable = "MIGRATION_DATABASE_URL"

[services.data]
app = "data.main:create_app"
port = 8001
port_variable = "DATA_PORT"
ready = "/openapi.json"
docs = "/docs"
reload_dirs = ["services/data/src"]
[services.data.env]
DATABASE_URL = "{database_url}"
OPTIONS = '{"a": 1}'

[services.api]
app = "api.main:create_app"
port = 8000
port_variable = "API_PORT"
ready = "/openapi.json"
docs = "/docs"
[services.api.env]
DATA_API_URL = "http://{host}:{ports.data}"
"""


@pytest.fixture
def services(project: Path) -> Path:
    (project / "tools/services.toml").write_text(SERVICES)
    return project


@pytest.fixture
def system(services):
    return read_system(services / "tools/services.toml")


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_ports_come_from_the_variable_or_the_file(system):
    assert chosen_ports(system, {"API_PORT": "8010"}) == {"data": 8001, "api": 8010}


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1"])
def test_a_port_must_be_one(system, value):
    with pytest.raises(UsageError, match=f"API_PORT must be a port .* got: {value}"):
        chosen_ports(system, {"API_PORT": value})


def test_two_services_cannot_share_a_port(system):
    with pytest.raises(UsageError, match="data and api cannot both have port 8001"):
        chosen_ports(system, {"API_PORT": "8001"})


def test_a_taken_port_is_found_before_anything_starts(services, monkeypatch, capsys, taken):
    monkeypatch.setenv("API_PORT", str(taken))
    assert main([]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"port {taken} is taken by pid ")
    assert err.endswith(f"free it or run: API_PORT={taken + 10} make dev\n")
    assert not (services / ".dev/postgres").exists()


def test_a_fresh_clone_gets_its_env_once(services, monkeypatch, capsys, taken):
    monkeypatch.setenv("API_PORT", str(taken))
    (services / ".env.example").write_text("# secret: signs tokens\nKEY=\n")
    env = services / ".env"

    assert main([]) == 1
    assert ".env made from .env.example\n" in capsys.readouterr().out
    made = env.read_text()
    assert len(made.rpartition("KEY=")[2]) > 32

    assert main([]) == 1
    assert (env.read_text(), capsys.readouterr().out) == (made, "")


def test_the_environment_has_an_order(services, system, monkeypatch):
    (services / ".env").write_text("A=file\nB=file\nDATABASE_URL=file\nAPI_PORT=8055\n")
    monkeypatch.setenv("B", "shell")
    base = base_environment(services, [".env"])
    assert (base["A"], base["B"], base["API_PORT"]) == ("file", "shell", "8055")
    made = service_environment(
        system.services[0], system, base, {"data": 1}, {"database": "the-url"}
    )
    assert made["DATABASE_URL"] == "the-url"
    assert made["OPTIONS"] == '{"a": 1}'
    made = service_environment(
        system.services[1], system, base, {"data": 1}, {"database": "the-url"}
    )
    assert made["DATA_API_URL"] == "http://127.0.0.1:1"


def test_only_migrations_know_the_owner_of_the_tables(services, system):
    (services / ".env").write_text("MIGRATION_DATABASE_URL=of-compose\n")
    base = base_environment(services, [".env"])
    made = service_environment(system.services[0], system, base, {"data": 1}, {"database": "url"})
    assert "MIGRATION_DATABASE_URL" not in made
    migrating = migration_environment(system, made, "owner")
    assert migrating == {**made, "MIGRATION_DATABASE_URL": "owner"}


def test_variables_of_libpq_are_for_the_database_that_somebody_names(services, system):
    base = {"PGPORT": "1", "PGSSLMODE": "verify-full", "DATABASE_URL": "theirs"}
    made = service_environment(system.services[0], system, base, {"data": 1}, {"database": "ours"})
    assert not [name for name in made if name.startswith("PG")]
    made = service_environment(
        system.services[0], system, base, {"data": 1}, {"database": "theirs"}
    )
    assert (made["PGPORT"], made["PGSSLMODE"]) == ("1", "verify-full")


def test_calls_to_this_machine_pass_proxies_by(services, monkeypatch):
    (services / ".env").write_text("HTTP_PROXY=http://proxy:3128\nNO_PROXY=intranet\n")

    there = base_environment(services, [".env"])

    assert there["HTTP_PROXY"] == "http://proxy:3128"
    assert there["NO_PROXY"] == there["no_proxy"] == "intranet,127.0.0.1,::1,localhost"


def test_a_file_may_be_named_after_a_variable(services, monkeypatch):
    (services / ".env").write_text("STAGE=first\nA=file\n")
    (services / ".env.first").write_text("A=first\n")
    (services / ".env.second").write_text("A=second\n")
    files = [".env", ".env.{stage}", ".env.{nothing}"]

    assert base_environment(services, files)["A"] == "first"
    monkeypatch.setenv("STAGE", "second")
    assert base_environment(services, files)["A"] == "second"
    monkeypatch.setenv("STAGE", "third")
    assert base_environment(services, files)["A"] == "file"


def test_a_default_counts_less_than_env_and_shell(services, monkeypatch):
    toml = services / "tools/services.toml"
    toml.write_text(SERVICES.replace("[database]", '[dev.defaults]\nA = "default"\n[database]'))
    defaults = read_system(toml).defaults
    assert base_environment(services, [".env"], defaults)["A"] == "default"
    (services / ".env").write_text("A=file\n")
    assert base_environment(services, [".env"], defaults)["A"] == "file"
    monkeypatch.setenv("A", "shell")
    assert base_environment(services, [".env"], defaults)["A"] == "shell"


def test_an_unknown_name_in_an_environment_is_refused(system):
    with pytest.raises(UsageError, match=r"services.api.env: nothing is called \{ports.data\}"):
        service_environment(system.services[1], system, {}, {}, {"database": ""})


def test_database_url_is_used_and_its_password_is_not_shown(system, project, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://me:hidden@db.example:5432/tasks")
    with database(system, project) as connection:
        assert connection.url.endswith("/tasks")
        assert connection.description == "db.example/tasks (DATABASE_URL is set)"
        assert connection.owner_url == connection.url
    monkeypatch.setenv("MIGRATION_DATABASE_URL", "postgresql://owner@db.example/tasks")
    with database(system, project) as connection:
        assert connection.owner_url == "postgresql://owner@db.example/tasks"
    assert not (project / ".dev").exists()


def test_a_database_url_in_the_file_is_not_meant_for_here(services, system, monkeypatch):
    (services / ".env").write_text("DATABASE_URL=postgresql://compose\n")
    monkeypatch.setattr("tools.dev.servers.embedded_postgres", lambda _: Users.__new__(_Fake))
    with database(system, services) as connection:
        assert connection.url.endswith("host=/sockets")


class _Fake:
    def __enter__(self) -> str:
        return "/sockets"

    def __exit__(self, *_: object) -> None:
        pass


SERVERS = """
[servers.queue]
run = "queue_here:run"
variable = "QUEUE_URL"

[processes.mailer]
command = ["python", "-m", "mailer.main"]
reload_dirs = ["services/mailer/src"]
[processes.mailer.env]
QUEUE_URL = "{servers.queue}"
DATA_API_URL = "http://{host}:{ports.data}"
"""
RUN = """
from contextlib import contextmanager
from tools.dev.servers import Connection

@contextmanager
def run(server, root):
    yield Connection(f"queue://{server.name}", f"in {root.name}")
"""


@pytest.fixture
def with_queue(services, monkeypatch):
    (services / "tools/services.toml").write_text(SERVICES + SERVERS)
    (services / "queue_here.py").write_text(RUN)
    monkeypatch.syspath_prepend(services)
    return read_system(services / "tools/services.toml")


def test_a_server_is_run_by_its_function(with_queue, services):
    with servers(with_queue, services) as running:
        assert running == {"queue": Connection("queue://queue", f"in {services.name}")}


def test_a_server_that_the_shell_names_is_used_instead(with_queue, services, monkeypatch):
    monkeypatch.setenv("QUEUE_URL", "amqp://me:hidden@queue.example:5672/")
    with servers(with_queue, services) as running:
        assert running["queue"].url == "amqp://me:hidden@queue.example:5672/"
        assert running["queue"].description == "queue.example (QUEUE_URL is set)"


def test_a_process_gets_the_addresses_of_the_servers_that_run(with_queue):
    (mailer,) = with_queue.processes
    urls = {"database": "", "queue": "queue://here"}
    made = service_environment(mailer, with_queue, {}, {"data": 1}, urls)
    assert made == {"QUEUE_URL": "queue://here", "DATA_API_URL": "http://127.0.0.1:1"}
    made = service_environment(mailer, with_queue, {}, {"data": 1}, {"database": ""})
    assert made == {"DATA_API_URL": "http://127.0.0.1:1"}


def test_a_process_is_run_again_when_its_code_changes(with_queue, services):
    (mailer,) = with_queue.processes
    (services / "services/mailer/src").mkdir(parents=True)
    words = process_command(mailer, with_queue, services, Options(reload=False, access_log=False))
    assert words == [sys.executable, "-m", "mailer.main"]
    words = process_command(mailer, with_queue, services, Options(reload=True, access_log=False))
    assert words[1:3] == ["-m", "watchfiles"]
    assert words[-2:] == [f"{sys.executable} -m mailer.main", str(services / "services/mailer/src")]


def test_reload_watches_what_the_service_uses(services, system):
    for name in ("services/data/src", "shared/src", "modules/mail/src"):
        (services / name).mkdir(parents=True)
    words = command(system.services[0], system, services, 1, Options(reload=True, access_log=False))
    watched = [Path(words[i + 1]) for i, word in enumerate(words) if word == "--reload-dir"]
    names = [path.relative_to(services).as_posix() for path in watched]
    assert names == ["services/data/src", "shared/src", "modules/mail/src"]
    assert "--no-access-log" in words
    words = command(system.services[0], system, services, 1, Options(reload=False, access_log=True))
    assert not {"--reload", "--reload-dir", "--no-access-log"} & set(words)


def test_lines_are_aligned_and_the_last_are_kept(capsys):
    lines = Lines(["data", "tasks_api"], sys.stdout)
    lines.write("data", "hello")
    lines.write("tasks_api", "there")
    assert capsys.readouterr().out == "data      | hello\ntasks_api | there\n"
    for number in range(30):
        lines.write("data", str(number))
    assert lines.last("data").splitlines()[0] == "    10"


def test_only_one_tells_who_is_first(tmp_path):
    path = tmp_path / "dev.lock"
    with (
        only_one(path, "make dev"),
        pytest.raises(ToolError, match=rf"make dev is already running .*\(pid {os.getpid()}\)"),
        only_one(path, "make dev"),
    ):
        pass
    with only_one(path, "make dev"):
        pass


def test_the_last_user_turns_out_the_light(tmp_path):
    first, second = Users(tmp_path / "users"), Users(tmp_path / "users")
    first.join()
    second.join()
    assert first.leave() is False
    assert second.leave() is True


def test_another_users_folder_is_explained(tmp_path, monkeypatch):
    def refused(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(ToolError, match="belongs to another user"):
        Users(tmp_path / "users")


ME = Owner(os.geteuid(), os.getegid(), "me")


def test_the_socket_is_beside_short_data():
    assert socket_folder(Path("/p/.dev/postgres"), ME) == Path("/p/.dev/postgres")


@pytest.mark.parametrize("name", ["x" * 100, "a b", "50%", "x:y,z"])
def test_the_socket_of_a_long_or_odd_path_is_in_a_private_folder(name, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path.parent))
    data = Path("/p") / name / "postgres"
    folder = socket_folder(data, ME)
    assert folder.parent == tmp_path.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert socket_folder(data, ME) == folder
    folder.chmod(0o755)
    with pytest.raises(ToolError, match="must be a private folder"):
        socket_folder(data, ME)
    folder.rmdir()


def test_no_place_for_a_socket_is_said(monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/" + "x" * 100)
    with pytest.raises(ToolError, match="set TMPDIR"):
        socket_folder(Path("/p") / ("x" * 100), ME)


def test_data_of_another_version_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "installed_postgres", lambda: (tmp_path, 18))
    monkeypatch.setattr(Owner, "open_program", lambda *_: None)
    data = tmp_path / "postgres"
    data.mkdir()
    if ME.uid == 0:
        os.chown(data, 65534, 65534)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(ToolError, match=r"data of PostgreSQL 16, but 18 is installed: move it"):
        postgres.Server(data).start()


def test_a_missing_wheel_is_explained(monkeypatch):
    def missing(_: str) -> None:
        raise ImportError

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(ToolError, match="run `uv sync`, or set DATABASE_URL"):
        installed_postgres()


def test_data_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(owner_module.os, "geteuid", lambda: tmp_path.stat().st_uid + 7)
    with pytest.raises(ToolError, match="belongs to user"):
        database_owner(tmp_path)


def test_an_ordinary_user_owns_the_new_database(tmp_path, monkeypatch):
    monkeypatch.setattr(owner_module.os, "geteuid", lambda: 4711)
    owner = database_owner(tmp_path / "new")
    assert owner.uid == 4711
    assert owner.process_options() == {}


def test_root_lets_another_user_own_the_database(tmp_path, monkeypatch):
    monkeypatch.setattr(owner_module.os, "geteuid", lambda: 0)
    owner = database_owner(tmp_path / "new")
    assert owner.name in ("postgres", "nobody")
    assert owner.process_options()["user"] == owner.uid != 0


@pytest.mark.parametrize("text", ["", "abc\n", "\n\n"])
def test_a_half_written_pid_file_is_no_server(tmp_path, text):
    (tmp_path / "postmaster.pid").write_text(text)
    assert postmaster_of(tmp_path) is None


def test_another_program_with_an_old_servers_number_is_not_the_server(tmp_path):
    (tmp_path / "postmaster.pid").write_text(
        f"{os.getpid()}\n{tmp_path}\n0\n5432\n/s\n\n1 2\nready\n"
    )
    found = postmaster_of(tmp_path)
    assert found is not None
    assert found.ready
    assert not found.alive
    assert found.misleading


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('app = "api', 'ap = "api', "services.api: unknown key ap", id="unknown"),
        pytest.param("port = 8000", 'port = "8000"', "port must be of type int", id="type"),
        pytest.param("[services.", "[service.", "unknown key service", id="no-services"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(services, capsys, old, new, message):
    (services / "tools/services.toml").write_text(SERVICES.replace(old, new))
    assert main([]) == 2
    assert message in capsys.readouterr().err
