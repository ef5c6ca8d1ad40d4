from chassis.problems import ProblemError


class Forged(ProblemError):  # noqa: N818  # what it is, and no error of this service
    """What came is not signed by who it is said to be from: 400, and nothing of it is kept."""

    status = 400


FORGED = "The signature does not fit."
NOT_EXPECTED = "Nothing is expected from this provider: its key is not set."
