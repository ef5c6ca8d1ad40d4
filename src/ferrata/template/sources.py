"""Where a template is: what a project records of it, and where git reads it."""

import re
from dataclasses import dataclass
from pathlib import Path

from ferrata.base import Failure, repository_url
from ferrata.template.home import BUNDLE, home

URL = re.compile(r"^(git\+|gh:|gl:|[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:)", re.IGNORECASE)
KNOWN_TO_COPIER = re.compile(r"\.git$|^(git@|git://|git\+|gh:|gl:|https://git(hub|lab)\.com/)")
SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}


@dataclass(frozen=True)
class Source:
    """A template's address: what a project records, and where git really reads it."""

    url: str
    repository: str
    ref: str | None = None

    @property
    def address(self) -> str:
        """The recorded address as git knows it, Copier's shortcuts written out."""
        return _expanded(self.url)

    @property
    def remote(self) -> bool:
        """Say whether Copier takes the address for one of another machine."""
        return URL.match(self.url) is not None


def built_in(ref: str | None = None) -> Source:
    """The template that came with this ferrata: the wheel's bundle, or the checkout."""
    chosen = "HEAD" if ref is None else ref
    if BUNDLE.is_file():
        return Source(repository_url(), str(BUNDLE), chosen)
    return Source(str(home()), str(home()), chosen)


def find(given: str | None, ref: str | None) -> Source:
    """Turn `--template` and `--ref` into a source."""
    if given is None:
        return built_in(ref)
    if URL.match(given):
        # Copier knows some addresses as git's by themselves, the others by this prefix.
        url = given if KNOWN_TO_COPIER.search(given) else f"git+{given}"
        return Source(url, _expanded(url), ref)
    path = Path(given).expanduser().resolve()
    if not path.exists():
        raise Failure(
            f"--template {given} does not exist; give a folder with a git repository, or a URL"
        )
    return Source(str(path), str(path), "HEAD" if ref is None else ref)


def _expanded(url: str) -> str:
    """Write out Copier's shortcuts."""
    for short, full in SHORTCUTS.items():
        if url.startswith(short):
            return full + url.removeprefix(short)
    return url
