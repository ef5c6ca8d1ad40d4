"""A name server that gives every name the same addresses."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Names:
    """One that runs, and the addresses that it gives."""

    port: int
    addresses: list[str] = field(default_factory=list)

    def answer(self, query: bytes) -> bytes:
        """Answer a question for addresses, as RFC 1035 has it."""
        question = query[12 : query.index(b"\0", 12) + 5]
        records = b"".join(
            b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04" + socket.inet_aton(address)
            for address in self.addresses
        )
        number = len(self.addresses).to_bytes(2)
        return query[:2] + b"\x81\x80\x00\x01" + number + b"\0\0\0\0" + question + records


@contextmanager
def naming() -> Iterator[Names]:
    """Run one for as long as this is entered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        names = Names(int(wire.getsockname()[1]))

        def serve() -> None:
            while True:
                query, client = wire.recvfrom(512)
                if not query:
                    return
                wire.sendto(names.answer(query), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield names
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", ("127.0.0.1", names.port))
            thread.join()
