"""Environment: which service runs, in which version, and where."""

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from pydantic_settings import BaseSettings

from chassis.feature import Host, no_lifespan

type Name = Literal["local", "test", "staging", "production"]


class Settings(BaseSettings):
    """Settings that tell a service about itself."""

    app_env: Name = "local"
    """The environment that it runs in."""
    service_name: str = ""
    """What it is called in logs and reports; made from its title when empty."""
    service_version: str = ""
    """The release that runs, such as a tag or a commit; its package's version when empty."""


@dataclass(frozen=True, slots=True)
class Service:
    """What logs and reports say about where they come from."""

    name: str
    version: str
    environment: Name


def install(host: Host, settings: Settings) -> None:
    """Put a Service at ``host.state.service``, and its version into the documentation."""
    name = settings.service_name or "-".join(re.findall(r"\w+", host.title.lower()))
    host.version = settings.service_version or _installed(name) or host.version
    host.state.service = Service(name, host.version, settings.app_env)


lifespan = no_lifespan


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
