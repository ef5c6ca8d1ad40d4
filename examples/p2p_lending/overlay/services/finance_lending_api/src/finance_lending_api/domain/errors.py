"""What the business says no to."""


class RuleViolated(Exception):  # noqa: N818  (a rule was violated; that is the name of it)
    """A rule of the business does not hold.

    `field` names the value at fault, so that a client can show the message beside it.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


class NotEligible(Exception):  # noqa: N818  (a borrower is not eligible; that is the term)
    """A borrower may not have the loan as things stand; the same request may succeed later."""

    field = "borrower_id"


def require(field: str, message: str, *, holds: bool) -> None:
    """Raise RuleViolated unless the rule holds."""
    if not holds:
        raise RuleViolated(field, message)
