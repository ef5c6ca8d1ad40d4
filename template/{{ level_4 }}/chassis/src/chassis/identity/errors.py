class InvalidToken(Exception):  # noqa: N818  # as RFC 6750 calls it
    """A token that is not believed; the reason is told to whoever sent it."""


class KeysUnknown(Exception):  # noqa: N818  # nothing is wrong with the token
    """Nobody can say whether a token is right: the issuer's keys could never be read."""
