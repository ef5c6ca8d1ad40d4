import re
from typing import Annotated

from pydantic import AfterValidator, PositiveFloat, PositiveInt

from chassis_files import storage


def _address(given: str) -> str:
    if given and not re.fullmatch(r"[^\s:/]+:[0-9]{1,5}", given):
        msg = f"must be host:port, as in clamd:3310, and is {given!r}"
        raise ValueError(msg)
    return given


class Settings(storage.Settings):
    """Settings of how a worker looks at files, and of files."""

    files_look_interval: PositiveFloat = 2
    """Seconds until it is asked again which files have come."""
    files_idle_interval: PositiveFloat = 10
    """The same while none comes, to which it gets by doubling: the next file waits so long at most."""
    files_sweep_interval: PositiveFloat = 300
    """Seconds until what nobody wants is removed again."""
    files_pending_hours: PositiveInt = 24
    """Hours after which a file that did not come is given up."""
    files_picture_max_bytes: PositiveInt = 26_214_400
    """The largest picture that is taken, in bytes: it is held in memory while it is drawn anew."""
    files_picture_max_pixels: PositiveInt = 50_000_000
    """How many pixels a picture may have, all of its frames together."""
    files_clamd: Annotated[str, AfterValidator(_address)] = ""
    """Where clamd listens, as host:port; without it, no file is scanned for viruses."""
    files_clamd_timeout: PositiveFloat = 60
    """Seconds that a scan may take."""
