from collections.abc import AsyncIterator
from typing import Protocol


class Storage(Protocol):
    """Where the bytes of files are, by keys that nobody chooses.

    Every method raises Unavailable when the store does not answer, or takes nothing.
    """

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Keep all of it, or nothing: what the chunks raise is raised, and nothing is left."""
        ...

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Give the bytes from one to before another; raises NotFound before the first."""
        ...

    async def delete(self, key: str) -> None:
        """Remove what is there; it need not be."""
        ...

    async def remove_folder(self, folder: str, but: str = "") -> None:
        """Remove all that is in a folder, but for what is in one of the folders in it."""
        ...

    async def copy(self, source: str, target: str) -> None:
        """Have the same elsewhere, too; raises NotFound."""
        ...

    async def size(self, key: str) -> int | None:
        """Say how many bytes something has; None if it is not there."""
        ...

    async def ping(self) -> None:
        """Ask for an answer."""
        ...
