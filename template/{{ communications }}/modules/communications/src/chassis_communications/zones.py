"""Time zones, by the names that they have in the list of IANA."""

from zoneinfo import ZoneInfo

NO_ZONE = "must be a time zone such as Europe/London"


def known(name: str) -> str:
    """Give the name of a time zone as it is; raises ValueError for what is none."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(NO_ZONE) from None
    return name
