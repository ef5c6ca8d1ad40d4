"""Seal the metadata of payments anew, with the key of now: ``make reseal-payments``.

Services go on meanwhile. Once it has ended, nothing needs the keys of before any more.
"""

import asyncio
import sys

from pydantic import ValidationError

from chassis.database import Database
from chassis.database.features import DataSettings
from chassis.problems import ProblemError
from chassis_payments.data.payment_sealing.resealing import Resealed, reseal
from chassis_payments.data.payment_sealing.sealing import MetadataSealer

NO_KEY = "PAYMENTS_KEY is not set: there is nothing to seal with; `make env` makes one"


def main() -> None:
    """Say how many were sealed anew; the exit code is 1 if some cannot be read."""
    try:
        settings = DataSettings()
    except ValidationError as error:
        named = ", ".join(str(part).upper() for one in error.errors() for part in one["loc"])
        sys.exit(f"{named}: must be set as the data service has it")
    keys = settings.payment_keys()
    if not keys:
        sys.exit(NO_KEY)
    try:
        done = asyncio.run(_resealed(settings, MetadataSealer(keys)))
    except ProblemError as error:
        sys.exit(f"{error.detail} DATABASE_URL must be that of the data service")
    sys.stdout.write(f"{done.sealed} sealed anew, {done.unreadable} that no key can open\n")
    sys.exit(1 if done.unreadable else 0)


async def _resealed(settings: DataSettings, sealer: MetadataSealer) -> Resealed:
    database = Database(settings)
    try:
        return await reseal(database, sealer)
    finally:
        await database.close()


if __name__ == "__main__":
    main()
