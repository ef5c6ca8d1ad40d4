"""What a handler says of a message that it could not handle; anything else is tried again."""

from chassis.problems import Unavailable


class Refused(Exception):  # noqa: N818  # what becomes of the message, not an error of the code
    """A message can never be handled: it is a dead letter at once."""


class ServiceAway(Unavailable):
    """A service does not answer at all, or says that it cannot just now: not the message's fault."""


class ServiceBusy(ServiceAway):
    """A service has too much to do already: it is left alone for the longest wait."""
