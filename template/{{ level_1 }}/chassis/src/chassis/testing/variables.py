"""Variables of the shell: tests see none of those that settings read, and need no proxy."""

from collections.abc import Iterator, MutableMapping
from fnmatch import fnmatchcase

from pydantic_settings import BaseSettings


def forget_settings(environment: MutableMapping[str, str]) -> None:
    """Take out every variable that some settings read, in upper or lower case, or libpq.

    What is read past the fields of settings, they name themselves: globs in ``shell_variables``.
    """
    read = {"PG*"}
    for settings in _below(BaseSettings):
        prefix = settings.model_config.get("env_prefix", "")
        read |= {f"{prefix}{name}".upper() for name in settings.model_fields}
        read |= set(getattr(settings, "shell_variables", ()))
    for name in list(environment):
        if any(fnmatchcase(name.upper(), glob) for glob in read):
            del environment[name]


def pass_proxies_by(environment: MutableMapping[str, str]) -> None:
    """Let calls to this machine reach it, where the shell has a proxy for all."""
    told = environment.get("NO_PROXY") or environment.get("no_proxy")
    away = ",".join(filter(None, [told, "127.0.0.1,::1,localhost"]))
    environment.update({"NO_PROXY": away, "no_proxy": away})


def _below(settings: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for kind in settings.__subclasses__():
        yield kind
        yield from _below(kind)
