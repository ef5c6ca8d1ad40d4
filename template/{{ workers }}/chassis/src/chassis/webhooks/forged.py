import datetime as dt

from chassis.problems import ProblemError

FORGED = "The signature does not fit."
NOT_EXPECTED = "Nothing is expected from this provider: its key is not set."

OLDEST = dt.timedelta(days=30)
"""What was signed longer ago is not taken: no provider tries for so long, and the inbox forgets."""


class Forged(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """What came is not signed by who it is said to be from: 400, and nothing of it is kept."""

    status = 400


def check_age(signed: dt.datetime) -> None:
    """Raise Forged for what was signed too long ago, or will be."""
    if abs(dt.datetime.now(dt.UTC) - signed) > OLDEST:
        raise Forged(FORGED)
