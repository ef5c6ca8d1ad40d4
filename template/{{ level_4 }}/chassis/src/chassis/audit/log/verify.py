"""Whether the audit log is as it was written: ``python -m chassis.audit.log.verify [--known LOG]``.

``LOG`` is any file with lines that tell of seals, oldest first, ``-`` what is piped in: those of the
log of one data service, or what this has printed before. Only they show that somebody who may do
everything in the database has made seals anew, or removed the latest ones with their entries.
"""

import asyncio
import re
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from chassis.audit.log.seals import Seals
from chassis.database import Database
from chassis.database.features import DataSettings
from chassis.problems import ProblemError

_TOLD = re.compile(r"audit seal (\d+): \d+ entries, ([0-9a-f]{64})")


def main(arguments: Sequence[str] | None = None) -> None:
    """Say what is wrong with the log, or that nothing is; the exit code is 1 if anything is."""
    parser = ArgumentParser(description="Check that the audit log is as it was written.")
    parser.add_argument("--known", metavar="LOG", help="log lines with seals")
    given = parser.parse_args(arguments)
    try:
        settings = DataSettings()
    except ValidationError:
        sys.exit("DATABASE_URL must be that of the data service, such as postgresql://host/name")
    try:
        right = asyncio.run(_verified(settings, told(_text(given.known))))
    except ProblemError as error:
        sys.exit(f"{error.detail} DATABASE_URL must be that of the data service")
    except OSError as error:
        sys.exit(f"--known must name a log that can be read, got: {given.known} ({error.strerror})")
    except DBAPIError as error:
        sys.exit(f"the audit log cannot be read: {error.orig}")
    sys.exit(0 if right else 1)


def told(text: str) -> dict[int, list[str]]:
    """Find the digests that lines tell of for each place, the first one first, in any format.

    There is more than one only where a seal was removed and another one made in its place.
    """
    found: dict[int, list[str]] = {}
    for place, digest in _TOLD.findall(text):
        digests = found.setdefault(int(place), [])
        if digest not in digests:
            digests.append(digest)
    return found


def _text(known: str | None) -> str:
    if known is None:
        return ""
    return sys.stdin.read() if known == "-" else Path(known).read_text(encoding="utf-8")


async def _verified(settings: DataSettings, known: dict[int, list[str]]) -> bool:
    database = Database(settings)
    seals = Seals(database)
    try:
        faults = [fault async for fault in seals.faults(known)]
        newest = await seals.newest()
    finally:
        await database.close()
    for fault in faults:
        sys.stdout.write(f"seal {fault.place}: {fault.what}\n")
    compared = f"{len(known)} of them with those that are known" if known else "none with the log"
    sys.stdout.write(f"{newest.place} seals checked, {compared}: {len(faults)} faults\n")
    if newest.place:
        sys.stdout.write(f"{newest}\n")  # to be kept, and known the next time
    return not faults


if __name__ == "__main__":
    main()
