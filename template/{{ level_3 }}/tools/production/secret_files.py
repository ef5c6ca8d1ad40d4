"""The folder of secrets: a file each, made at random, and the certificate of the gateway."""

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.common import ToolError
from tools.dev.gateway import NginxError, self_signed

_BYTES = 32
# Containers have users of their own: a file is open to all, in a folder that is open to none.
_FILE, _FOLDER, _PUBLIC_FOLDER = 0o444, 0o700, 0o755
# Where alerts go until the owners say where: nowhere. A random text would be no address.
_SCHEMES = ("http://", "https://")
_ADDRESSES = {"alert_webhook_url": "http://nobody.invalid/"}
# What the gateway runs as where root deploys.
_NGINX = 101


def make(folder: Path, files: Iterable[Path]) -> list[str]:
    """Make the folder, and each secret that is missing; return what was done."""
    _made(folder, _FOLDER)
    for name, mode in (("tls", _FOLDER), ("acme", _PUBLIC_FOLDER)):
        _given_to_gateway(_made(folder / name, mode))
    missing = [file for file in files if not file.exists()]
    for file in missing:
        text = _ADDRESSES.get(file.name) or secrets.token_urlsafe(_BYTES)
        file.write_text(f"{text}\n", encoding="utf-8")
        file.chmod(_FILE)
    return [_made_of(file) for file in missing] or ["every secret is there"]


def unused(files: Iterable[Path]) -> Iterator[Path]:
    """Find the addresses that nobody has filled in."""
    for file in files:
        if file.read_text(encoding="utf-8").strip() == _ADDRESSES.get(file.name):
            yield file


def faults(files: Iterable[Path]) -> Iterator[str]:
    """Say what is wrong with the secrets, a line each."""
    for file in files:
        try:
            text = file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            yield f"{file} is missing: write it, or run `make secrets` for a random one"
            continue
        except (OSError, UnicodeError) as error:
            yield f"{file} must be a file with UTF-8 text: {error}"
            continue
        if not text:
            yield f"{file} is empty: it must hold the secret, and nothing else"
        elif file.name in _ADDRESSES and not text.startswith(_SCHEMES):
            yield f"{file} must hold an address, such as https://alerts.example.com/hook"
        elif file.stat().st_mode & _FILE != _FILE:
            yield f"{file} cannot be read by the users of containers: chmod 444 {file}"


def gateway_user(folder: Path) -> str:
    """Tell the user and group that the certificate belongs to."""
    try:
        owner = (folder / "tls").stat()
    except OSError:
        return f"{_NGINX}:{_NGINX}"
    return f"{owner.st_uid}:{owner.st_gid}"


def sign(folder: Path, names: Iterable[str]) -> None:
    """Make a certificate that nobody but this machine has signed, and use it."""
    target = folder / "tls" / "self-signed"
    for file in target.glob("*.pem"):
        file.unlink()
    try:
        self_signed(target, *names)
    except NginxError as error:
        raise ToolError(str(error)) from error
    for path in (target, *target.iterdir()):
        _given_to_gateway(path)
    use(folder, "self-signed")


def check_replaceable(folder: Path) -> None:
    """Raise if the certificate in use is one that the owners have put there."""
    current = folder / "tls" / "current"
    if current.is_dir() and not current.is_symlink():
        raise ToolError(f"{current} is a certificate of yours, and stays: move it away first")


def use(folder: Path, name: str) -> None:
    """Have the gateway use the certificate in a folder of ``tls``; it notices within a minute."""
    check_replaceable(folder)
    link, new = folder / "tls" / "current", folder / "tls" / "new"
    new.unlink(missing_ok=True)
    new.symlink_to(name)
    new.replace(link)


def _made_of(file: Path) -> str:
    if file.name in _ADDRESSES:
        return f"{file.name}: made; write the address of your receiver into it"
    return f"{file.name}: made (random)"


def _made(folder: Path, mode: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    return folder


def _given_to_gateway(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, _NGINX, _NGINX)
