"""Variables of the shell: tests see none of those that settings read, and need no proxy."""

from collections.abc import Iterator, MutableMapping

from pydantic_settings import BaseSettings


def forget_settings(environment: MutableMapping[str, str]) -> None:
    """Take out every variable that some settings read, in upper or lower case, or libpq."""
    read = {
        f"{settings.model_config.get('env_prefix', '')}{name}".upper()
        for settings in _below(BaseSettings)
        for name in settings.model_fields
    }
    for name in [name for name in environment if name.upper() in read or name.startswith("PG")]:
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
