from chassis.problems import ProblemError

FORGED = "The signature does not fit."
NOT_EXPECTED = "Nothing is expected from this provider: its key is not set."


class Forged(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """What came is not signed by who it is said to be from: 400, and nothing of it is kept."""

    status = 400
