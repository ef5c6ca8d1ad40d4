"""The forms that a name takes."""

from collections.abc import Mapping
from typing import Any


def class_name(name: str) -> str:
    """`escrow_account` -> `EscrowAccount`."""
    return "".join(part.capitalize() for part in name.split("_"))


def kebab(name: str) -> str:
    """`escrow_account` -> `escrow-account`: hosts, networks and URLs."""
    return name.replace("_", "-")


def words(name: str) -> str:
    """`escrow_account` -> `escrow account`."""
    return name.replace("_", " ")


def plural_of(entity: Mapping[str, Any]) -> str:
    """The plural that was given, or the regular English one of the last word."""
    name: str = entity["name"]
    if "plural" in entity:
        return str(entity["plural"])
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


def with_article(phrase: str) -> str:
    """`escrow account` -> `an escrow account`."""
    return f"{'an' if phrase[0] in 'aeio' else 'a'} {phrase}"
