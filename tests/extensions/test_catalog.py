"""The catalog is put together from manifests, in an order that does not depend on who is there."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support import ROOT, extension, room

CATALOG = ROOT / "schemas/catalog"
LAYERS = sorted(path.stem for path in (CATALOG / "layers").glob("*.yml"))
LISTS = list(yaml.safe_load((CATALOG / "lists.yml").read_text("utf-8")))
assembled = room("catalog").assembled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the catalog, to be changed."""
    return shutil.copytree(CATALOG, tmp_path / "catalog")


def needed(name: str) -> list[str]:
    """A layer and those that cannot be without it."""
    catalog = extension().catalog()
    needs = {row["name"]: row["requires"] for row in [*catalog["modules"], *catalog["providers"]]}
    for row in catalog["levels"]:  # each stands on the one below
        below = [f"level_{row['level'] - 1}"]
        needs[f"level_{row['level']}"] = below + catalog["level_requires"].get(row["level"], [])
    gone = [name]
    for one in gone:
        gone += [other for other, wants in needs.items() if one in wants and other not in gone]
    return gone


@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "level_1"])
def test_what_is_left_without_a_layer_stands_as_before(layer: str, folder: Path) -> None:
    gone = needed(layer)
    for name in gone:
        (folder / f"layers/{name}.yml").unlink(missing_ok=True)

    left, whole = assembled(folder, ROOT / "template"), extension().catalog()

    for kind in LISTS:
        entries = [row for row in left[kind] if isinstance(row, dict)]
        assert entries == [row for row in whole[kind] if isinstance(row, dict) and stays(row, gone)]
        assert [row for row in whole[kind] if row in left[kind]] == left[kind]
    assert [row["name"] for row in left["modules"]] == [
        row["name"] for row in whole["modules"] if row["name"] not in gone
    ]
    assert left["behaviour"] == [
        row for row in whole["behaviour"] if not {*row["layers"]} & {*gone}
    ]


def stays(row: dict[str, Any], gone: list[str]) -> bool:
    """Tell whether an entry is there without some layers."""
    return not {
        f"level_{row['level']}",
        row.get("module"),
        row.get("provider"),
        *row.get("with", ()),
    } & {*gone}


def test_no_process_says_settings_again_that_the_chassis_has() -> None:
    """Two lists would put the same classes in two orders, of which Python makes no class."""
    catalog = extension().catalog()

    def with_settings(kind: str) -> set[tuple[str, str]]:
        return {(row["package"], row["name"]) for row in catalog[kind] if row.get("settings")}

    chassis = {
        (row.get("package", "chassis"), row["name"])
        for row in catalog["chassis_features"]
        if row["settings"]
    }
    for kind in ("worker_features", "bot_features", "data_features", "document_features"):
        assert with_settings(kind) & chassis == set(), kind


@pytest.mark.about("workers", "rabbitmq")
def test_no_module_is_there_without_what_it_requires(tmp_path: Path) -> None:
    for name in ("level_1", "workers"):
        (tmp_path / f"{{{{ {name} }}}}").mkdir()
    told = assembled(CATALOG, tmp_path)
    assert [row["level"] for row in told["levels"] if row["available"]] == [1]
    assert [row["name"] for row in told["modules"] if row["available"]] == []

    (tmp_path / "{{ rabbitmq }}").mkdir()
    told = assembled(CATALOG, tmp_path)
    assert [row["name"] for row in told["modules"] if row["available"]] == ["workers", "rabbitmq"]


@pytest.mark.about("redis", "workers", "level_2")
def test_an_entry_says_which_layers_it_needs(folder: Path) -> None:
    # Of payments: what it has for other layers, and no other module stands beside, is written over.
    add(
        folder,
        "payments",
        "with: {workers: {level_2: {}, with: {level_2: {commands: [{command: x}]}}}}",
    )
    with pytest.raises(Exception, match="'level_2' is no list, below `with`"):
        assembled(folder, ROOT / "template")

    add(folder, "payments", "with: {workers: {with: {level_2: {commands: [{command: x}]}}}}")
    commands = assembled(folder, ROOT / "template")["commands"]

    (found,) = (row for row in commands if row["command"] == "x")
    assert found == {"command": "x", "level": 2, "module": "payments", "with": ["workers"]}


def test_an_entry_is_there_with_all_its_layers_only() -> None:
    entry = {"command": "x", "level": 2, "module": "redis", "with": ["workers"]}
    brought = room("selection").brought

    assert brought([entry], 2, ["redis", "workers"]) == [entry]
    assert brought([entry], 1, ["redis", "workers"]) == []
    assert brought([entry], 2, ["redis"]) == []
    assert brought([entry], 2, ["workers"]) == []


def add(folder: Path, layer: str, text: str) -> None:
    """Put a part into a manifest in the place of what it said before."""
    file = folder / f"layers/{layer}.yml"
    said = yaml.safe_load(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(yaml.safe_dump({**said, **yaml.safe_load(text)}, sort_keys=False), "utf-8")


def manifest(layer: str, text: str) -> Callable[[Path], None]:
    return lambda folder: add(folder, layer, text)


def written(name: str, text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(text, "utf-8")

    return write


REFUSED = [
    pytest.param(
        manifest("toy", "{title: Toy}"), "toy.yml: 'summary' is missing; say it", id="no-summary"
    ),
    pytest.param(
        manifest("redis", "{sumary: x}"),
        "redis.yml: 'sumary' is no key of a manifest; did you mean 'summary'?",
        id="unknown-key",
    ),
    pytest.param(
        manifest("level_2", "{summary: x}"),
        "level_2.yml: 'summary' is no key of a manifest",
        id="a-level-is-said-elsewhere",
    ),
    pytest.param(
        manifest("level_9", "{traces: [x]}"),
        "level_9.yml: there is no such level in levels.yml",
        id="unknown-level",
    ),
    pytest.param(
        manifest("workers", "{requires: [rabitmq]}"),
        "workers.yml: requires 'rabitmq', which is no layer; did you mean 'rabbitmq'?",
        id="requires-nobody",
    ),
    pytest.param(
        manifest("redis", "{with: {wokers: {}}}"),
        "redis.yml: 'wokers' is no layer; did you mean 'workers'?",
        id="with-a-misspelt-layer",
    ),
    pytest.param(
        manifest("redis", "{with: {workers: {comands: []}}}"),
        "redis.yml: 'comands' is no list, below `with`; did you mean 'commands'?",
        id="unknown-list",
    ),
    (
        manifest("redis", "{behaviour: [{it answers: otherwise}]}"),
        "redis.yml: behaviour must be texts, not {'it answers': 'otherwise'}: quote it",
    ),
    pytest.param(
        manifest("redis", "{commands: [{command: x, after: '`make tset`'}]}"),
        "redis.yml: 'x' stands after '`make tset`', which the list has not; did you mean '`make test`'?",
        id="after-nothing",
    ),
    pytest.param(
        manifest("redis", "{data_features: [{name: x, package: x, after: outbox}]}"),
        "redis.yml: 'x' stands after 'outbox', which may not be there: it needs rabbitmq",
        id="after-what-may-be-absent",
    ),
    pytest.param(
        manifest("redis", "{libraries: [{name: fastapi}]}"),
        "redis.yml: 'fastapi' is there twice, first in schemas/catalog/layers/level_1.yml",
        id="twice",
    ),
    pytest.param(
        manifest("redis", "{libraries: [{name: x}, {name: x}]}"),
        "redis.yml: 'x' is there twice",
        id="twice-in-one-manifest",
    ),
    pytest.param(
        manifest("redis", "{commands: [{command: x, after: y}, {command: y, before: x}]}"),
        "redis.yml: 'x' and 'y' stand beside one another in a circle",
        id="circle",
    ),
    pytest.param(
        manifest(
            "redis", "{commands: [{command: x, after: '`make test`', before: '`make test`'}]}"
        ),
        "redis.yml: 'x' says both `after` and `before`",
        id="two-places",
    ),
    pytest.param(
        written("layers/redis.yml", "title: Redis\nsummary: x\ntitle: Redis\n"),
        "redis.yml: 'title' is given twice; join the two",
        id="a-key-twice",
    ),
    pytest.param(written("layers/redis.yml", "a: [\n"), "redis.yml: is no YAML: ", id="no-yaml"),
    pytest.param(
        written("layers/redis.yml", "- a\n"),
        "redis.yml: must be a mapping, as the other manifests are",
        id="a-list",
    ),
    pytest.param(
        written("levels.yml", "- {level: 1, level: 2}\n"),
        "schemas/catalog/levels.yml: 'level' is given twice",
        id="a-key-twice-inside",
    ),
]


@pytest.mark.about("redis", "workers", "rabbitmq", "level_2")
@pytest.mark.parametrize(("change", "told"), REFUSED)
def test_what_nobody_understands_is_refused_in_one_line(
    change: Callable[[Path], None], told: str, folder: Path
) -> None:
    change(folder)

    with pytest.raises(extension().CatalogError) as refused:
        assembled(folder, ROOT / "template")

    line = str(refused.value)
    assert told in line
    assert line.startswith("schemas/catalog/")
    assert "\n" not in line


# Entries by number: where each stands, beside an earlier one of the same or of another layer.
PLACES = st.lists(
    st.tuples(st.sampled_from(["", "after", "before"]), st.integers(0, 99), st.integers(1, 2)),
    min_size=1,
    max_size=12,
)


@given(places=PLACES)
def test_an_entry_stands_beside_what_it_names(places: list[tuple[str, int, int]]) -> None:
    lists, manifests = room("catalog.lists"), room("catalog.manifests")
    content: dict[int, list[dict[str, str]]] = {1: [], 2: []}
    beside: dict[str, tuple[str, str]] = {}
    level: dict[str, int] = {}
    for number, (how, place, own) in enumerate(places):
        name, others = f"e{number}", [one for one in level if level[one] <= own]
        row = {"command": name}
        if how and others:
            beside[name] = how, others[place % len(others)]
            row[how] = beside[name][1]
        content[own].append(row)
        level[name] = own
    layers = [
        manifests.Layer(f"level_{own}", "x", {"commands": rows}) for own, rows in content.items()
    ]
    known = {"level_1": frozenset({"level_1"}), "level_2": frozenset({"level_1", "level_2"})}
    rules = {"commands": {"name": "command"}}
    found = [
        entry
        for one in layers
        for _, entry in lists.entries(one, dict.fromkeys(known, "level"), rules)
    ]

    order = [row["command"] for row in lists.listed(found, rules["commands"], known)]

    assert sorted(order) == sorted(level)
    for name, (how, other) in beside.items():
        first, last = (other, name) if how == "after" else (name, other)
        between = order[order.index(first) + 1 : order.index(last)]
        assert order.index(first) < order.index(last)
        # Nothing stands between them but what stands beside one of them, too.
        assert all(tied(one, {name, other}, beside) for one in between)
    alone = [name for name in order if name not in beside]
    assert alone == [
        row["command"] for own in (1, 2) for row in content[own] if row["command"] in alone
    ]


def tied(name: str, to: set[str], beside: dict[str, tuple[str, str]]) -> bool:
    while name not in to and name in beside:
        name = beside[name][1]
    return name in to


def test_packages_stand_in_alphabetical_order() -> None:
    for kind in ("chassis_dependencies", "worker_dependencies", "dev_dependencies", "libraries"):
        names = [row["name"] for row in extension().catalog()[kind]]
        assert names == sorted(
            names, key=lambda name: (name.partition(">")[0].partition("[")[0], name)
        )
