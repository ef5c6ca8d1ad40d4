"""Which layers were taken away for a run of the tests: those about them are left out, no others."""

import os

# Names of layers: `redis,workers`.
WITHOUT = "FERRATA_WITHOUT"


def taken_away() -> set[str]:
    """The layers that are not there in this run."""
    return {name for name in os.environ.get(WITHOUT, "").split(",") if name}
