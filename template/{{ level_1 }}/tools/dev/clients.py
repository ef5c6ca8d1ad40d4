"""What those who call the services on this machine have to send: whatever these ask for."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from tools.dev.system import Service, System


def headers(
    system: System, service: Service, root: Path, environment: Mapping[str, str]
) -> Mapping[str, str]:
    """Give the headers of a client that may do everything."""
    if not system.clients:
        return {}
    module, _, function = system.clients.partition(":")
    found: Any = getattr(import_module(module), function)
    made: Mapping[str, str] = found(service, root, environment)
    return made
