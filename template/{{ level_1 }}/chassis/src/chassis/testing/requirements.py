"""The marker `requirement`: a test names what it proves, and only what really is required."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

FILE = Path("tools/requirements.toml")


class Requirements:
    """Refuses to run tests that name a requirement which does not exist."""

    def __init__(self, root: Path) -> None:
        self._file = root / FILE

    @pytest.hookimpl(tryfirst=True)  # a deselected test must name what exists, too
    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Check what all tests name, and pass it on to the JUnit report."""
        known = self._known()
        if faults := [fault for item in items for fault in _faults(item, known)]:
            raise pytest.UsageError(*faults)
        for item in items:
            item.user_properties += [("requirement", name) for name in requirements_of(item)]

    def _known(self) -> list[str]:
        try:
            content = tomllib.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except tomllib.TOMLDecodeError as error:
            raise pytest.UsageError(f"{FILE}: not valid TOML: {error}") from error
        return [*content.get("requirements", {}), *content.get("targets", {})]


def requirements_of(item: pytest.Item) -> list[str]:
    """Return the ids that a test, its class or its module names, each once."""
    ids = (name for marker in item.iter_markers("requirement") for name in marker.args)
    return list(dict.fromkeys(ids))


def _faults(item: pytest.Item, known: Sequence[str]) -> Iterator[str]:
    if any(marker.kwargs or not marker.args for marker in item.iter_markers("requirement")):
        yield f'{item.nodeid}: the marker needs ids, such as requirement("FR-001")'
    for name in requirements_of(item):
        if name not in known:
            said = ", ".join(known) or f"none, for {FILE} is missing or empty"
            yield f"{item.nodeid}: no requirement is called {name}; known ids: {said}"
