"""Seals the log from time to time, for as long as the service runs."""

import logging
from contextlib import AbstractAsyncContextManager

from chassis.audit.log.seals import Rewound, Seals
from chassis.problems import ProblemError
from chassis.problems.telling import described
from chassis.repeating import repeated

logger = logging.getLogger(__name__)
evidence = logging.getLogger(f"{__name__}.evidence")
evidence.setLevel(logging.INFO)
"""Each seal is written whatever LOG_LEVEL says: nothing else outside of the database tells of it."""


class Sealer:
    """Seals what was entered; the log of the service has each seal, so that it is kept elsewhere too."""

    def __init__(self, seals: Seals, interval: float) -> None:
        self._seals = seals
        self._interval = interval

    def running(self) -> AbstractAsyncContextManager[None]:
        """Seal meanwhile; what is left at the end is sealed by whoever runs next."""
        return repeated(self._seal, self._interval, "The audit log is not sealed now")

    async def _seal(self) -> None:
        try:
            seal = await self._seals.seal()
        except Rewound:
            logger.exception("The audit log cannot be sealed: see docs/audit.md")
        except ProblemError as error:
            logger.warning("The audit log is not sealed now: %s", described(error))
        else:
            if seal:
                evidence.info("%s", seal)
