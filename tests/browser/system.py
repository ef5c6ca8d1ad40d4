"""A system as browsers meet it: two instances behind its gateway, and a page of another origin."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.day.test_instalment import becomes
from tests.project.test_running import free_port, running, token_of
from tests.support import run

HERE = Path(__file__).parent
API = "team-tasks-api"
ORIGIN_OF_DOCS = "https://app.example.com"
DEMO = "location = /realtime-demo { proxy_pass http://team-tasks-api; }\n"
# The smallest there is.
PART = 5 * 1024 * 1024


class Running:
    """A system with two instances of its API behind the gateway, and a page that uses it."""

    def __init__(self, project: Path, store: str, stack: ExitStack) -> None:
        self.project = project
        self._stack = stack
        self._folder = project / "browser"
        self._folder.mkdir(exist_ok=True)
        self.page = stack.enter_context(served(self._folder))
        settings = {"CORS_ORIGINS": self.page, "FILES_PART_BYTES": str(PART)}
        folder = {"FILES_URL": (project / ".dev/files").as_uri()}
        settings |= self._bucket() if store == "bucket" else folder
        url = stack.enter_context(running(project, **settings))
        self.first = int(url.rpartition(":")[2])
        self.second = free_port()
        self.another = self._another()
        self.gateway = self._gateway()
        self.token = token_of(project).get("Authorization", "").removeprefix("Bearer ")
        self.write_page()

    def write_page(self) -> None:
        """Write the page, with the JavaScript of the documentation in it."""
        text = (HERE / "page.html").read_text("utf-8")
        live = "realtime-access.md" if self.token else "realtime.md"
        scripts = [block(self.project / "docs" / name, "js") for name in ("files.md", live)]
        script = "\n".join(scripts).replace("https://api.example.com", self.gateway)
        script = script.replace("wss://api.example.com", self.gateway.replace("http", "ws"))
        script = script.replace('EventSource("', f'EventSource("{self.gateway}')
        (self._folder / "index.html").write_text(
            text.replace("/* from the documentation */", script)
        )

    def client(self) -> httpx2.Client:
        """A program that calls by way of the gateway."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return httpx2.Client(base_url=self.gateway, headers=headers, verify=False)

    def connections(self) -> list[int]:
        """How many clients follow changes at each of the instances."""
        return [
            int(float(re.findall(r"^realtime_connections (\S+)", text, re.MULTILINE)[0]))
            for text in (
                httpx2.get(f"http://127.0.0.1:{port}/metrics").text
                for port in (self.first, self.second)
            )
        ]

    def _bucket(self) -> dict[str, str]:
        """Run a bucket with the rules that the documentation names; say where it is."""
        port, rules = free_port(), self._folder / "cors.json"
        text = block(self.project / "docs/files.md", "json")
        assert ORIGIN_OF_DOCS in text
        rules.write_text(text.replace(ORIGIN_OF_DOCS, self.page))
        self._start(["python", str(HERE / "bucket.py"), str(port), str(rules)], port)
        code = (
            "from chassis_files.testing.s3 import BUCKET, KEY, KEY_ID; print(BUCKET, KEY_ID, KEY)"
        )
        done = run(self.project, ".venv/bin/python", "-c", code)
        bucket, key_id, key = done.stdout.strip().split(" ", 2)
        return {
            "FILES_URL": f"s3://{bucket}/files",
            "FILES_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "FILES_S3_KEY_ID": key_id,
            "FILES_S3_KEY": key,
        }

    def _another(self) -> subprocess.Popen[bytes]:
        """Start a second instance, as the first one was started."""
        (process,) = [
            one
            for one in psutil.process_iter(["cmdline"])
            if "team_tasks_api.main:create_app" in (one.info["cmdline"] or [])
            and str(self.first) in (one.info["cmdline"] or [])
            and Path(one.cwd()).is_relative_to(self.project)
        ]
        words = [
            str(self.second) if word == str(self.first) else word for word in process.cmdline()
        ]
        return self._start(words, self.second, process.environ())

    def _start(
        self, command: list[str], port: int, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        log = self._stack.enter_context((self._folder / f"{port}.log").open("wb"))
        if command[0] == "python":
            command = [str(self.project / ".venv/bin/python"), *command[1:]]
        process = subprocess.Popen(
            command, cwd=self.project, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        self._stack.callback(ended, process)
        becomes(1, lambda: int(listened_to(port)))
        return process

    def _gateway(self) -> str:
        """Run the gateway of the project before both instances, with what its owners let through."""
        tools = module_of(self.project / "tools/dev/gateway.py")
        own = self.project / "deploy/local/nginx/server_demo.conf"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(DEMO)
        addresses = f"127.0.0.1:{self.first} 127.0.0.1:{self.second}"
        place = tools.Place(self._folder, free_port(), free_port(), {API: addresses})
        tools.self_signed(self._folder / "tls", "localhost")
        self._stack.enter_context(tools.running(tools.write(self.project, place), place))
        return f"https://localhost:{place.https}"


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder as a site of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def crashed(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with all that it started, as a machine that fails does."""
    for child in psutil.Process(process.pid).children(recursive=True):
        child.kill()
    process.kill()
    process.wait()


def listened_to(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def block(file: Path, language: str) -> str:
    """The first block of a language on a page."""
    return re.findall(rf"```{language}\n(.*?)```", file.read_text("utf-8"), re.DOTALL)[0]


def module_of(file: Path) -> Any:
    spec = spec_from_file_location(f"gateway_of_{os.getpid()}", file)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def started(project: Path, store: str) -> Iterator[Running]:
    """Run all of it; its files are in a folder, or in a bucket."""
    with ExitStack() as stack:
        yield Running(project, store, stack)
