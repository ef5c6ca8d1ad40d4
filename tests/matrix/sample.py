"""The covering sample: combinations with example answers and Python versions, pair by pair."""

import itertools
import subprocess
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from ferrata.planning import Combination, combinations, covering, factors, pairs, requests
from ferrata.planning import sample as pairwise
from tests.matrix.proof import Job
from tests.support import EXAMPLES, ODD, answers_of, environment, extension

# The Python versions that can be chosen.
PYTHONS = tuple(extension().schema()["properties"]["python_version"]["enum"])
# Entities of every shape: real products, and the oddest names and fields there can be.
SHAPES = (*EXAMPLES, *ODD)


@dataclass(frozen=True, slots=True)
class Case:
    """One answer set that is generated for real, and the Python that its gates run on."""

    combination: Combination
    shape: str
    python: str

    @property
    def name(self) -> str:
        """`level-2-redis:telemedicine:3.13`; the part before the colon selects a combination."""
        return f"{self.combination.name}:{self.shape}:{self.python}"


def cases(
    rules: ModuleType, shapes: Sequence[str] = SHAPES, pythons: Sequence[str] = PYTHONS
) -> list[Case]:
    """Complete the combinations of `ferrata matrix --pairwise` to a sample of every pair.

    Each of them occurs, and no other: a workflow has one job for each.
    """
    chosen = pairwise(rules, combinations(rules))
    every = [Case(*case) for case in itertools.product(chosen, shapes, pythons)]
    rows = {case: factor_values(rules, case) for case in every}
    found: list[Case] = []
    seen: set[frozenset[tuple[str, Hashable]]] = set()
    for one in chosen:
        with_it = [case for case in every if case.combination == one]
        best = max(with_it, key=lambda case: len(pairs(rows[case]) - seen))
        seen |= pairs(rows[best])
        found.append(best)
    places = covering([rows[case] for case in every], [rows[case] for case in found])
    return sorted([*found, *(every[place] for place in places)], key=every.index)


def answer_sets(rules: ModuleType) -> list[Combination]:
    """Every answer set: as somebody may ask for it, and with all that its modules bring."""
    asked = [Combination(level, modules) for level, modules in requests(rules)]
    return list(dict.fromkeys([*asked, *combinations(rules)]))


def all_answer_sets(rules: ModuleType) -> int:
    """How many there are once every level and module is available, without providers."""
    catalog = rules.catalog()
    return len(catalog["levels"]) * 2 ** len(catalog["modules"])


def all_jobs(rules: ModuleType) -> list[Job]:
    """Every answer set with the entities and texts of one example, in turn; a sample with all of them.

    Those that bring the same have the same example: what comes of them is compared. Not with the odd
    examples: their words are those that tell levels and modules, or templates.
    """
    turn: dict[Hashable, str] = {}
    examples = itertools.cycle(EXAMPLES)
    chosen = []
    for one in answer_sets(rules):
        brought = (one.level, tuple(rules.layers(one.answers)))
        if brought not in turn:
            turn[brought] = next(examples)
        chosen.append((one, turn[brought]))
    sampled = itertools.product(pairwise(rules, combinations(rules)), EXAMPLES)
    every = dict.fromkeys([*chosen, *sampled])
    return [
        Job(one, answers_of(name), name) for one, name in sorted(every, key=lambda case: case[1])
    ]


def factor_values(rules: ModuleType, case: Case) -> dict[str, Hashable]:
    """What a case is made of."""
    return {**factors(rules, case.combination), "answers": case.shape, "python": case.python}


@cache
def pythons_here() -> tuple[str, ...]:
    """The versions that are on this machine; nothing is downloaded."""
    return tuple(_found(PYTHONS))


def _found(versions: Iterable[str]) -> Iterable[str]:
    for version in versions:
        command = ["uv", "python", "find", "--no-python-downloads", "--no-project", version]
        done = subprocess.run(command, env=environment(), check=False, capture_output=True)
        if done.returncode == 0:
            yield version
