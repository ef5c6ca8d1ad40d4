"""What a client is told that does not get in."""
# ruff: noqa: N818  # as the errors of the chassis are called

from chassis.problems import ProblemError

WRONG = "The e-mail address, the password or the code is wrong."
CODE_NEEDED = "This account has a second factor: send its code, too."
ENDED = "This session has ended: log in again."
MAY_GO_ON = "It is stored, but a session that began at this moment may go on: end all sessions."
AWAY = "Nobody can log in at the moment. Nothing was done."
NOT_ALLOWED = "This is for administrators, whatever AUTH_MODE is."
MORE = "The role {role} may more than you: nobody gives or takes away what they do not have."
NO_REGISTRATION = "Nobody can register here: an administrator makes accounts."
NO_ACCOUNT = "Whoever asks has no account here."


class Unauthorized(ProblemError):
    """Somebody has not shown who it is: 401."""

    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(ProblemError):
    """Somebody may not do this: 403."""

    status = 403


class TooManyAttempts(ProblemError):
    """Somebody has tried too often: 429."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts: try again in {seconds} seconds.")
        self.headers = {"Retry-After": str(seconds)}
