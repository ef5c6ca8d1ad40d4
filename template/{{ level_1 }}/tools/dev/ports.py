"""Ports: chosen, and found taken before anything has started."""

import os
import socket
from collections.abc import Mapping

import psutil  # type: ignore[import-untyped]

from tools.dev.system import Service, System
from tools.errors import ToolError, UsageError

_HIGHEST_PORT = 65535
_NEXT_TRY = 10


def chosen_ports(system: System, environment: Mapping[str, str]) -> dict[str, int]:
    """Return each service's port: its variable's value, or the usual one."""
    ports = {service.name: _chosen(service, environment) for service in system.services}
    for name, port in ports.items():
        if same := [other for other in ports if other != name and ports[other] == port]:
            raise UsageError(f"{name} and {same[0]} cannot both have port {port}")
    return ports


def _chosen(service: Service, environment: Mapping[str, str]) -> int:
    text = environment.get(service.port_variable) or str(service.port)
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST_PORT:
        raise UsageError(
            f"{service.port_variable} must be a port (1 to {_HIGHEST_PORT}), got: {text}"
        )
    return int(text)


def check_free(system: System, ports: Mapping[str, int]) -> None:
    """Stop with one line a taken port, each saying what to do."""
    taken = [
        _taken(service, port, set(ports.values()))
        for service in system.services
        if not _is_free(system.host, port := ports[service.name])
    ]
    if taken:
        raise ToolError("\n".join(taken))


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the services do: a port that is merely cooling down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise ToolError(f"port {port} needs more rights; choose one above 1023") from error
        except OSError:
            return False
        return True


def _taken(service: Service, port: int, used: set[int]) -> str:
    another = next(p for p in range(port + _NEXT_TRY, port + 1000, _NEXT_TRY) if p not in used)
    another = another if another <= _HIGHEST_PORT else service.port
    return (
        f"port {port} is taken{_owner(port)};"
        f" free it or run: {service.port_variable}={another} make dev"
    )


def _owner(port: int) -> str:
    try:
        listening = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        ]
        owner = next(pid for pid in sorted(filter(None, listening)))
        # A reloading server listens in parent and child; it ends with its group's leader.
        leader = psutil.Process(os.getpgid(owner))
        return f" by pid {leader.pid} ({' '.join(leader.cmdline())[:80] or leader.name()})"
    except (psutil.Error, StopIteration, OSError):
        return ""
