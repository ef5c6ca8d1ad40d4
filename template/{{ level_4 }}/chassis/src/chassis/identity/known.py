import hashlib
from collections import OrderedDict
from collections.abc import Callable

MOST = 10_000


class Known[Kept]:
    """Remembers what was found out, each until a time; the oldest is forgotten when it is full."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[float, Kept]] = OrderedDict()

    def get(self, name: str) -> Kept | None:
        """Give what is known, while it is true."""
        until, kept = self._known.get(_digest(name), (0.0, None))
        return kept if self._clock() < until else None

    def keep(self, name: str, kept: Kept, until: float) -> None:
        """Remember something."""
        self._known[_digest(name)] = until, kept
        if len(self._known) > MOST:
            self._known.popitem(last=False)


def _digest(name: str) -> bytes:
    """Shorten a name: tokens are long, and nothing here shall be one."""
    return hashlib.sha256(name.encode()).digest()
