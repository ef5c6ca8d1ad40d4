"""The texts of the licences that can be answered."""

from pathlib import Path

TEXTS = Path(__file__).resolve().parents[1] / "licences"


def licence_text(licence: str, holder: str) -> str:
    """The text of a licence, with who holds the rights where it names them."""
    return (TEXTS / f"{licence}.txt").read_text("utf-8").replace("{holder}", holder)
