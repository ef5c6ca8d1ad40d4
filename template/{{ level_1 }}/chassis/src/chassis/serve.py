"""The command that serves a web application: ``python -m chassis.serve package.main:create_app``.

What an application needs is loaded by the process that serves it, not by the one that only watches
the code.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.importer import ImportFromStringError, import_from_string
from uvicorn.supervisors import ChangeReload

if TYPE_CHECKING:
    from fastapi import FastAPI


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve an application until the process is told to stop."""
    given = _parser().parse_args(arguments)
    sys.path.insert(0, str(Path.cwd()))
    # Variables reach a process that is started anew after each change, too.
    if given.shutdown_timeout:
        os.environ["SHUTDOWN_TIMEOUT"] = given.shutdown_timeout
    if not given.access_log:
        os.environ["ACCESS_LOG"] = "false"
    serve = partial(_serve, given.app, given.host, given.port)
    if not given.reload:
        serve()
        return
    watched = uvicorn.Config(
        given.app, host=given.host, port=given.port, reload=True, reload_dirs=given.reload_dir
    )
    ChangeReload(watched, target=serve, sockets=[watched.bind_socket()]).run()


def _serve(factory: str, host: str, port: int, sockets: list[socket] | None = None) -> None:
    from chassis.server import Server, Settings  # noqa: PLC0415

    try:
        app: FastAPI = import_from_string(factory)()
    except ImportFromStringError as error:
        sys.exit(f"chassis.serve: {error}")
    limits = getattr(app.state, "server", None) or Settings()
    server = Server(app, limits, host=host, port=port)
    with suppress(KeyboardInterrupt):
        server.run(sockets)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chassis.serve", description="Serve a web application."
    )
    parser.add_argument("app", help="what builds the application: package.main:create_app")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=int, default=8000, help="the port to listen at")
    parser.add_argument("--reload", action="store_true", help="start anew when the code changes")
    parser.add_argument(
        "--reload-dir", action="append", metavar="DIR", help="a folder to watch; may be repeated"
    )
    parser.add_argument(
        "--shutdown-timeout", metavar="SECONDS", help="what requests get to end: SHUTDOWN_TIMEOUT"
    )
    parser.add_argument(
        "--no-access-log", dest="access_log", action="store_false", help="do not log requests"
    )
    return parser


if __name__ == "__main__":
    from chassis.serve import main as serve_main  # processes find it by this name

    serve_main()
