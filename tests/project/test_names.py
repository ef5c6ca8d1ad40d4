"""Names as people never choose them, but may: what is not refused migrates on a real PostgreSQL."""

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests import turns
from tests.matrix.python_files import PythonFiles
from tests.matrix.renderer import Rendered, Renderer
from tests.matrix.test_size import MOST_ENTITIES, entity
from tests.support import ROOT, brief, environment, extension

Entities = Sequence[dict[str, Any]]

KEPT = re.compile(r"/models/|/migrations/|^shared/src/|_data_postgres_api/__init__\.py$")
DRIVER = ROOT / "tests/project/migrating.py"
PROJECT = "task_manager@2+workers"
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# What is special to PostgreSQL, SQLAlchemy, Alembic or Python, or is made of other names.
SPECIAL = """
alembic_version cmax cmin ctid daily_counts handled_messages information_schema json keys
mapped_column metadata oid outbox pg_class pg_type public query registry sa tableoid text
type_annotation_map user version xmax xmin year
"""
# Every word that PostgreSQL 18 reserves, or takes for a type, a function or an expression.
SQL = """
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean
both case cast char character check coalesce collate collation column concurrently constraint create
cross current_catalog current_date current_role current_schema current_time current_timestamp
current_user dec decimal default deferrable desc distinct do else end except exists extract false
fetch float for foreign freeze from full grant greatest group grouping having ilike in initially
inner inout int integer intersect interval into is isnull join json_array json_arrayagg json_exists
json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral
leading least left like limit localtime localtimestamp merge_action national natural nchar none
normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing
position precision primary real references returning right row select session_user setof similar
smallint some substring symmetric system_user table tablesample then time timestamp to trailing
treat trim true union unique using values varchar variadic verbose when where window with
xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
xmlserialize xmltable
"""
WORDS = [*SPECIAL.split(), *SQL.split()]
PARTS = ("task", "order", "id", "created_at", "code", "archive", "read", "new", "list", "dep")
AFFIXES = ("ix", "pk", "uq", "fk", "ck", "pg", "data_api", "create", "update")


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Names of some parts, each of which may have been left out."""
    return st.tuples(*parts).map(lambda found: "_".join(filter(None, found))[:28].rstrip("_"))


PART = st.sampled_from(["", *PARTS])
NAMES = st.one_of(
    st.sampled_from(WORDS),
    joined(st.sampled_from(["", "", *AFFIXES]), PART, PART, st.sampled_from(["task", "order"])),
    joined(st.sampled_from(PARTS), PART, PART),
)
KINDS = ("string", "text", "email", "json", "decimal", "date", "uuid", "enum", "reference")


@st.composite
def entities(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to six entities, whose names are often made of the same parts."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    found: list[dict[str, Any]] = []
    for name in names:
        fields: list[dict[str, Any]] = []
        for called in draw(st.lists(NAMES, min_size=1, max_size=6, unique=True)):
            kind = draw(st.sampled_from(KINDS))
            field: dict[str, Any] = {"name": called, "type": kind}
            field |= {"values": ["a", "b"]} if kind == "enum" else {}
            field |= {"references": draw(st.sampled_from(names))} if kind == "reference" else {}
            if extension().catalog()["field_types"][kind]["unique"]:
                field["unique"] = draw(st.booleans())
            fields.append(field)
        plural = draw(st.none() | NAMES)
        found.append({"name": name, "fields": fields} | ({"plural": plural} if plural else {}))
    return found


def answers(found: Entities) -> dict[str, Any]:
    return brief() | {"level": 2, "modules": ["workers"], "entities": list(found)}


def refused(found: Entities) -> bool:
    return extension().problems(answers(found)) != []


def accepted(number: int) -> list[list[dict[str, Any]]]:
    """So many lists of entities that nothing is said against."""
    cases: list[list[dict[str, Any]]] = []

    @settings(SETTINGS, max_examples=number)
    @given(entities())
    def collect(found: list[dict[str, Any]]) -> None:
        assume(not refused(found))
        cases.append(found)

    collect()
    return cases


def migrated(cases: Sequence[Entities], project: Path, folder: Path) -> list[str]:
    """What is wrong with the migration of each, or nothing."""
    renderer = Renderer(ROOT)
    services = [
        laid(renderer.render(answers(found)), folder / str(number))
        for number, found in enumerate(cases)
    ]
    done = subprocess.run(
        [project / ".venv/bin/python", DRIVER],
        cwd=project,
        env=environment() | {"PYTHONPATH": str(project)},
        input="".join(f"{service}\n" for service in services),
        check=False,
        capture_output=True,
        text=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(cases), done.stderr
    return told


def laid(project: Rendered, folder: Path) -> Path:
    """Write the data service without its API, and give its folder."""
    for path, content in project.files.items():
        if KEPT.search(path):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    return next(folder.glob("services/*_data_postgres_api"))


def field(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "string", **more}


@pytest.mark.long
def test_the_largest_answers_migrate(installed: Callable[[str], Path], tmp_path: Path) -> None:
    largest = [entity(number) for number in range(MOST_ENTITIES)]

    assert migrated([largest], installed(PROJECT), tmp_path) == [""]


# A domain as people have drawn it: plurals that no rule makes, references to itself and several to
# one. Each kind of record with what it refers to.
DOMAIN = {
    "person": ["mother:person", "father:person"],
    "child": ["guardian:person", "other_guardian:person"],
    "address": [],
    "company": ["parent:company", "billing_address:address", "delivery_address:address"],
    "employee": ["person:person", "manager:employee", "deputy:employee", "company:company"],
    "currency": [],
    "country": ["currency:currency"],
    "series": ["predecessor:series"],
    "sheep": ["ram:sheep", "ewe:sheep", "shepherd:person"],
    "analysis": ["author:person", "reviewer:person", "sheep:sheep"],
    "criterion": ["analysis:analysis"],
    "index": ["series:series"],
    "matrix": ["rows:series", "columns:series"],
    "leaf": ["parent:leaf"],
    "shelf": [],
    "box": ["shelf:shelf", "outer:box"],
    "bus": ["depot:address"],
    "quiz": ["author:employee"],
    "staff": ["leader:employee"],
    "equipment": ["owner:company", "user:employee", "spare_for:equipment"],
}
PLURALS = {
    "person": "people",
    "child": "children",
    "series": "series_list",
    "sheep": "flock",
    "analysis": "analyses",
    "criterion": "criteria",
    "index": "indices",
    "matrix": "matrices",
    "leaf": "leaves",
    "shelf": "shelves",
    "quiz": "quizzes",
}


def domain() -> list[dict[str, Any]]:
    """Its entities, each with a code of its own besides."""
    found = []
    for name, references in DOMAIN.items():
        fields = [field("code", unique=True, required=True), {"name": "made_on", "type": "date"}]
        for reference in references:
            role, _, other = reference.partition(":")
            fields.append({"name": f"{role}_id", "type": "reference", "references": other})
        plural = {"plural": PLURALS[name]} if name in PLURALS else {}
        found.append({"name": name, "fields": fields} | plural)
    return found


@turns.running_systems
def test_a_domain_as_people_draw_it_is_sound_code(tmp_path: Path) -> None:
    collected = PythonFiles(tmp_path)
    assert extension().problems(answers(domain())) == []

    collected.add("domain", Renderer(ROOT).render(answers(domain())))

    assert [*collected.faults()] == []


@pytest.mark.long
def test_a_domain_as_people_draw_it_migrates(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    assert migrated([domain()], installed(PROJECT), tmp_path) == [""]


@pytest.mark.long
def test_a_fault_of_the_database_is_told(
    installed: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that the rules refuse are those with which PostgreSQL or Python end the migration."""
    code = field("archive_code", unique=True)
    cases = [
        [{"name": "thing", "fields": [field("title")]}],
        [{"name": "thing", "fields": [field("xmin")]}],
        [{"name": "thing", "fields": [field("sa"), field("title")]}],
        [{"name": "thing", "fields": [field("lateral")]}],
        [{"name": "thing", "plural": "pg_class", "fields": [field("title")]}],
        [{"name": "thing", "plural": "outbox", "fields": [field("title")]}],
        [
            {"name": "order", "fields": [code]},
            {"name": "old", "plural": "orders_archive", "fields": [field("code", unique=True)]},
        ],
    ]

    told = migrated(cases, installed(PROJECT), tmp_path)

    assert [*map(refused, cases)] == [bool(fault) for fault in told] == [False, *[True] * 6]
    assert "conflicts with a system column" in told[1]
    assert 'relation "uq_orders_archive_code" already exists' in told[6]


@pytest.mark.long
def test_words_of_sql_are_columns_and_tables(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    columns = [{"name": "thing", "fields": [field(word)]} for word in WORDS]
    tables = [
        {"name": f"thing_{number}", "plural": word, "fields": [field("title", unique=True)]}
        for number, word in enumerate(WORDS)
    ]
    whole = [entity for entity in tables if not refused([entity])]
    names = [entity["fields"][0] for entity in columns if not refused([entity])]
    cases = [whole[start : start + 40] for start in range(0, len(whole), 40)]
    cases += [[{"name": "thing", "fields": names[at : at + 60]}] for at in range(0, len(names), 60)]

    assert migrated(cases, installed(PROJECT), tmp_path) == [""] * len(cases)


@pytest.mark.long
def test_what_is_not_refused_migrates(installed: Callable[[str], Path], tmp_path: Path) -> None:
    cases = accepted(60)

    told = migrated(cases, installed(PROJECT), tmp_path)

    faults = [
        f"{fault} with {json.dumps(found)}"
        for fault, found in zip(told, cases, strict=True)
        if fault
    ]
    assert len(cases) == 60
    assert not faults, "\n".join(faults)


@turns.running_systems
def test_what_is_not_refused_is_sound_code(tmp_path: Path) -> None:
    renderer, collected = Renderer(ROOT), PythonFiles(tmp_path)
    for found in accepted(25):
        collected.add(json.dumps(found), renderer.render(answers(found)))

    faults = [f"{path}: {what} with {which}" for which, path, what in collected.faults()]
    assert not faults, "\n".join(faults[:20])
