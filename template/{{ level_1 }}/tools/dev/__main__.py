"""`make dev`: database, migrations, services, in this order; and back again."""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.common import ToolError, say
from tools.common.processes import only_one
from tools.dev.clients import headers
from tools.dev.servers import Connection, database, servers
from tools.dev.service import (
    Lines,
    Options,
    Running,
    RunningProcess,
    command,
    process,
    process_command,
    wait_until_ready,
    wait_until_settled,
)
from tools.dev.system import (
    SYSTEM,
    Process,
    Service,
    System,
    base_environment,
    check_free,
    chosen_ports,
    migration_environment,
    read_system,
    service_environment,
)
from tools.env import EXAMPLE, TARGET, make_env


@dataclass(frozen=True)
class Supervisor:
    """One run of the whole system."""

    system: System
    options: Options
    root: Path
    lines: Lines

    async def run(self) -> None:
        """Run until told to stop, which is the normal end; raise when a service cannot run."""
        work = asyncio.create_task(self._serve())
        _stop_on_signal(work, self.lines)
        try:
            await work
        except asyncio.CancelledError:
            self.lines.tell("Stopped.")

    async def _serve(self) -> None:
        system = self.system
        unset = {**system.stand_ins, **system.defaults}
        base = base_environment(self.root, system.env_files, unset)
        ports = chosen_ports(self.system, base)
        for service in system.services:
            headers(system, service, self.root, base)  # it may have to make what they need
        own = self.root / self.system.database.data
        with only_one(own.parent / "dev.lock", "make dev"):
            check_free(self.system, ports)
            with (
                database(self.system, self.root) as connection,
                servers(self.system, self.root) as others,
            ):
                connections = {"database": connection, **others}
                for name, one in connections.items():
                    self.lines.tell(f"{name}: {one.description}")
                urls = {name: one.url for name, one in connections.items()}
                environments = {
                    child.name: service_environment(child, self.system, base, ports, urls)
                    for child in self.system.children
                }
                await self._migrate(environments, connection.owner_url)
                await self._services(environments, ports, connections)

    async def _migrate(self, environments: Mapping[str, Mapping[str, str]], owner_url: str) -> None:
        for service in self.system.services:
            if not service.upgrade:
                continue
            words = list(service.upgrade)
            environment = migration_environment(self.system, environments[service.name], owner_url)
            async with process(words, service.name, self.root, environment, self.lines) as child:
                code = await child.wait()
            if code != 0:
                raise ToolError(
                    f"the migrations of {service.name} failed (exit code {code}); its output is"
                    " above. Put it right, then run this again."
                )

    async def _services(
        self,
        environments: Mapping[str, Mapping[str, str]],
        ports: Mapping[str, int],
        connections: Mapping[str, Connection],
    ) -> None:
        async with AsyncExitStack() as stack:  # stops in reverse order
            services = [
                await stack.enter_async_context(
                    self._started(service, ports[service.name], environments[service.name])
                )
                for service in self.system.services
            ]
            processes = [
                await stack.enter_async_context(self._begun(one, environments[one.name]))
                for one in self.system.processes
            ]
            await self._all_ready(services)
            for begun in processes:
                await wait_until_settled(begun, self.lines)
            children = {running.service.name: running.process for running in services}
            children |= {begun.name: begun.process for begun in processes}
            self._announce(services, connections)
            await self._first_death(children)

    async def _all_ready(self, services: Sequence[Running]) -> None:
        timeout_s = self.system.start_timeout_s
        waiting = [
            asyncio.create_task(wait_until_ready(running, timeout_s, self.lines))
            for running in services
        ]
        try:
            await asyncio.gather(*waiting)
        finally:
            for task in waiting:
                task.cancel()

    @asynccontextmanager
    async def _started(
        self, service: Service, port: int, environment: Mapping[str, str]
    ) -> AsyncIterator[Running]:
        words = command(service, self.system, self.root, port, self.options)
        async with process(words, service.name, self.root, environment, self.lines) as child:
            url = f"http://{self.system.host}:{port}"
            yield Running(service, child, url, self.options.reload, time.monotonic())

    @asynccontextmanager
    async def _begun(
        self, one: Process, environment: Mapping[str, str]
    ) -> AsyncIterator[RunningProcess]:
        words = process_command(one, self.system, self.root, self.options)
        async with process(words, one.name, self.root, environment, self.lines) as child:
            yield RunningProcess(one.name, child, self.options.reload, time.monotonic())

    def _announce(self, services: Sequence[Running], connections: Mapping[str, Connection]) -> None:
        # What starts last is what people use: it stands first.
        rows = [(r.service.name, f"{r.url}  {r.url}{r.service.docs}") for r in reversed(services)]
        rows += [(one.name, "no port") for one in self.system.processes]
        rows += [(name, one.description) for name, one in connections.items()]
        rows += [*self.system.notes.items(), ("stop", "Ctrl-C")]
        width = max(len(name) for name, _ in rows)
        block = "\n".join(f"  {name:<{width}}  {text}" for name, text in rows)
        self.lines.tell(f"\nEverything is running:\n\n{block}\n")

    async def _first_death(self, children: Mapping[str, asyncio.subprocess.Process]) -> None:
        waiting = {asyncio.create_task(child.wait()): name for name, child in children.items()}
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        name = waiting[done.pop()]
        raise ToolError(f"{name} ended by itself. Its last lines:\n{self.lines.last(name)}")


def _stop_on_signal(work: asyncio.Task[None], lines: Lines) -> None:
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:  # a second Ctrl-C must not interrupt the stopping, which is short
            stopping = True
            lines.tell("\nStopping ...")
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the system until Ctrl-C, and return the exit code."""
    given = _parser().parse_args(arguments)
    root = Path.cwd()
    options = Options(reload=given.reload, access_log=given.access_log)
    try:
        system = read_system(root / SYSTEM)
        names = [child.name for child in system.children]
        lines = Lines(names, sys.stdout)
        if (root / EXAMPLE).exists() and not (root / TARGET).exists():  # of a fresh clone
            lines.tell(make_env(root)[0])
        asyncio.run(Supervisor(system, options, root, lines).run())
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.dev", description="Run the system on this machine without Docker."
    )
    parser.add_argument(
        "--no-reload", dest="reload", action="store_false", help="do not watch the code"
    )
    parser.add_argument(
        "--no-access-log", dest="access_log", action="store_false", help="do not log requests"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
