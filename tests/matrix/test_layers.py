"""A file that stands in a layer too low is noticed: each one is moved, out of each of its layers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import pytest

from ferrata.planning import Combination
from tests import turns
from tests.matrix.projects import Catalog, Facts
from tests.matrix.renderer import Rendered, Renderer
from tests.support import LEVELS, MODULES, ROOT, answers_of, extension

RENDERER = Renderer(ROOT)
CATALOG = Catalog(RENDERER.rules)
LEVEL_LAYERS = {f"level_{level}": level for level in LEVELS[1:]}


@cache
def project(one: Combination) -> Rendered:
    return RENDERER.render(answers_of("task_manager") | one.answers)


@cache
def facts(path: str, content: bytes) -> Facts:
    return CATALOG.facts(path, content)


def without(layer: str) -> list[Combination]:
    """Every level with all modules, but for a layer and what needs it."""
    levels = [level for level in LEVELS if level < LEVEL_LAYERS.get(layer, 9)]
    kept = tuple(name for name in MODULES if layer not in extension().closure(LEVELS[0], [name]))
    return [Combination(level, kept) for level in levels]


def moved(layer: str) -> Iterator[tuple[Combination, Rendered, str]]:
    """Each file of a layer, planted in projects that have its other layers and not this one."""
    whole = project(Combination(LEVELS[-1], tuple(MODULES)))
    for path, source in whole.sources.items():
        inside = set(CATALOG.layers.of(source))
        for one in without(layer) if layer in inside else []:
            there = {*one.modules, *(f"level_{level}" for level in LEVELS if level <= one.level)}
            if inside - {layer} <= there:
                below = project(one)
                lower = source.replace(f"{{{{ {layer} }}}}", "{{ level_1 }}")
                files = {**below.files, path: whole.files[path]}
                yield one, replace(below, files=files, sources={**below.sources, path: lower}), path


@turns.proofs
@pytest.mark.parametrize("layer", [*LEVEL_LAYERS, *MODULES])
def test_a_file_outside_its_layer_is_noticed(layer: str) -> None:
    """In the first project that has its other layers; one file in three, of every kind there is."""
    planted = {path: (one, wrong, path) for one, wrong, path in reversed([*moved(layer)])}
    are_noticed([planted[path] for path in sorted(planted)[::3]])


@pytest.mark.long
@pytest.mark.parametrize("layer", [*LEVEL_LAYERS, *MODULES])
def test_a_file_outside_its_layer_is_noticed_everywhere(layer: str) -> None:
    are_noticed([*moved(layer)])


def are_noticed(planted: Sequence[tuple[Combination, Rendered, str]]) -> None:
    assert len(planted) > 3

    for one, wrong, path in planted:
        known = {name: facts(name, text) for name, text in wrong.files.items()}
        told = {where for where, _ in CATALOG.shown(wrong, one.level, list(one.modules), known)}

        assert path in told, f"{wrong.sources[path]}, {one.name}"
