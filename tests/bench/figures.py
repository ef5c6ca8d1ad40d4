"""What a measurement gives: figures, each beside its target."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One row of the report; `holds` is None where there is no target."""

    what: str
    target: str
    measured: str
    ratio: str = ""
    holds: bool | None = None


def at_most(what: str, measured: float, limit: float, unit: str, ratio: str = "") -> Figure:
    """A figure that must not be above its limit."""
    return Figure(what, f"<= {limit:g} {unit}", f"{measured:.3g} {unit}", ratio, measured <= limit)


def plain(what: str, measured: str, ratio: str = "") -> Figure:
    """A figure without a target."""
    return Figure(what, "", measured, ratio)
