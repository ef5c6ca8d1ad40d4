"""The store of files as something that a service or a worker can do without, except for files."""

from chassis.feature import no_lifespan
from chassis_files.process import Process

__all__ = ["install", "lifespan"]


def install(process: Process, _settings: object) -> None:
    """Add the check: the store answers."""

    async def check() -> None:
        await process.state.storage.ping()

    process.state.checks.add("files", check, optional=True)


lifespan = no_lifespan
