"""The combinations of levels, modules and providers: all, or a sample in which every pair occurs."""

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ferrata.base import Exit, say, say_json

Row = Mapping[str, Hashable]


@dataclass(frozen=True, slots=True)
class Combination:
    """A level, the modules with all that they bring, and the providers that matter with them."""

    level: int
    modules: tuple[str, ...]
    providers: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """A name for a job, a folder or a test: `level-2-rabbitmq-redis`."""
        return "-".join([f"level-{self.level}", *self.modules, *(c for _, c in self.providers)])

    @property
    def answers(self) -> dict[str, Any]:
        """The answers that ask for it."""
        return {"level": self.level, "modules": list(self.modules), **dict(self.providers)}


def show_combinations(rules: ModuleType, *, pairwise: bool, as_json: bool) -> Exit:
    """Print the combinations, as a table or as the value of a GitHub Actions matrix."""
    found = combinations(rules)
    if pairwise:
        found = sample(rules, found)
    if as_json:
        say_json({"include": [{"name": one.name, **one.answers} for one in found]})
    else:
        width = max(len(one.name) for one in found)
        for one in found:
            asked = [*one.modules, *(f"{key}={value}" for key, value in one.providers)]
            say(f"{one.name:{width}}  level {one.level}  {', '.join(asked) or 'no modules'}")
    return Exit.GREEN


def combinations(rules: ModuleType) -> list[Combination]:
    """Every combination that can be chosen; module sets that bring the same are one."""
    found: dict[Combination, None] = {}
    for level, asked in requests(rules):
        modules = tuple(rules.closure(level, asked))
        for providers in _providers(rules, level, modules):
            found.setdefault(Combination(level, modules, providers))
    return sorted(found, key=lambda one: (one.level, len(one.modules)))


def requests(rules: ModuleType) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every available level with every set of available modules, as somebody may ask for it."""
    catalog = rules.catalog()
    modules = [module["name"] for module in catalog["modules"] if module["available"]]
    for level in (entry["level"] for entry in catalog["levels"] if entry["available"]):
        for number in range(len(modules) + 1):
            for asked in itertools.combinations(modules, number):
                if set(rules.closure(level, asked)) <= set(modules):
                    yield level, asked


def _providers(
    rules: ModuleType, level: int, modules: Sequence[str]
) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every choice of the providers that matter here.

    An answer of the schema is a provider when it says with `x-provider` from which `level` and
    with which `module` it matters.
    """
    choices = [
        [(name, value) for value in answer["enum"]]
        for name, answer in rules.schema()["properties"].items()
        if "x-provider" in answer
        and answer["x-provider"].get("level", 1) <= level
        and answer["x-provider"].get("module") in {None, *modules}
    ]
    return itertools.product(*choices)


def sample(rules: ModuleType, found: Sequence[Combination]) -> list[Combination]:
    """The fewest found combinations in which every pair occurs that occurs in any."""
    rows = [factors(rules, one) for one in found]
    return [found[index] for index in sorted(covering(rows))]


def factors(rules: ModuleType, one: Combination) -> dict[str, Hashable]:
    """What a combination is made of: its level, each module on or off, each provider."""
    modules = {
        module["name"]: module["name"] in one.modules
        for module in rules.catalog()["modules"]
        if module["available"]
    }
    return {"level": one.level, **modules, **dict(one.providers)}


def pairs(row: Row) -> set[frozenset[tuple[str, Hashable]]]:
    """Every value of a row, and every two of them together."""
    values = list(row.items())
    alone = {frozenset([value]) for value in values}
    return alone | {frozenset(two) for two in itertools.combinations(values, 2)}


def covering(rows: Sequence[Row], chosen: Iterable[Row] = ()) -> list[int]:
    """Choose rows, greedily, so that every pair of any row is in a chosen one; give their places.

    What the rows `chosen` before have in them is not looked for again.
    """
    number: dict[frozenset[tuple[str, Hashable]], int] = {}
    masks = [sum(1 << number.setdefault(pair, len(number)) for pair in pairs(row)) for row in rows]
    missing = (1 << len(number)) - 1
    for row in chosen:
        missing &= ~sum(1 << number[pair] for pair in pairs(row) if pair in number)
    found = []
    while missing:
        best = max(range(len(rows)), key=lambda place: (masks[place] & missing).bit_count())
        found.append(best)
        missing &= ~masks[best]
    return found
