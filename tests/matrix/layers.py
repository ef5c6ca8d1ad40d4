"""A file that slipped into a lower layer, or into that of another module, would be noticed.

The layer of a file shows in it by a word that only the layer brings, or the file is one of those by
which a feature of the layer shows. Either is looked for where the layer is off.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from tests.matrix.renderer import Rendered

LAYER = re.compile(r"{{ (\w+) }}")


class Layers:
    """The layers that may be off."""

    def __init__(self, shown_by: Mapping[str, Sequence[str]]) -> None:
        """Take the patterns of the files by which the features of each layer show."""
        self._shown_by = shown_by
        self._shows: dict[tuple[str, str], bool] = {}

    def unnoticed(
        self, rendered: Rendered, traces: Mapping[str, frozenset[str]]
    ) -> Iterator[tuple[str, str]]:
        """Say which file has nothing of its layer; `traces` are the layers whose words it has."""
        for path, source in rendered.sources.items():
            for layer in self.of(source):
                if layer not in traces[path] and not self._is_shown(path, layer):
                    yield (
                        path,
                        f"is in the layer {layer}, and no feature of it has it among its `files`",
                    )

    def of(self, source: str) -> Iterator[str]:
        """The layers that a source is in and that may be off, from the outermost."""
        for part in source.split("/"):
            found = LAYER.fullmatch(part)
            if not found:
                return
            if found[1] in self._shown_by:
                yield found[1]

    def _is_shown(self, path: str, layer: str) -> bool:
        key = path, layer
        if key not in self._shows:
            self._shows[key] = any(fnmatchcase(path, one) for one in self._shown_by[layer])
        return self._shows[key]
