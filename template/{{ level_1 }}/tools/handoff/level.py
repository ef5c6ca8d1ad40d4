"""What a hand-over says about the level, as handoff.toml has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.tables import load

FILE = Path("tools/handoff.toml")


@dataclass(frozen=True)
class Level:
    """The product, the level it is at, and what that means for whoever takes it over."""

    title: str
    number: int
    name: str
    audience: str
    use: str
    deployment: tuple[str, ...]
    has: tuple[str, ...]
    lacks: Mapping[str, tuple[str, ...]]
    upgrade: Mapping[str, str]


def read_level(path: Path) -> Level:
    """Read handoff.toml."""
    file = load(path)
    file.allow(
        *("title", "level", "level_name", "audience", "use"),
        *("deployment", "has", "lacks", "upgrade"),
    )
    lacks = file.table("lacks")
    return Level(
        title=file.get("title", str),
        number=file.get("level", int),
        name=file.get("level_name", str),
        audience=file.get("audience", str),
        use=file.get("use", str),
        deployment=file.words("deployment"),
        has=file.words("has"),
        lacks={name: lacks.words(name) for name in lacks.values},
        upgrade=file.texts("upgrade"),
    )
