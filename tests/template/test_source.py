"""The template as source: it keeps its rules, and what breaks one is found."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.matrix.conftest import copy_template
from tests.support import MODULES, ROOT
from tests.template.source import ADDRESS, CHECKS, SETTING, Source

ONE = "template/{{ level_1 }}"
MANIFEST = "schemas/catalog/layers/level_1.yml"
MODULE = MODULES[0]
OF_MODULE = f"{{{{ {MODULE} }}}}"
Plant = Callable[[Path], None]


@pytest.fixture(scope="module")
def template_source() -> Source:
    return Source(ROOT)


@pytest.mark.parametrize("check", CHECKS)
def test_the_template_keeps_the_rule(check: str, template_source: Source) -> None:
    assert list(CHECKS[check](template_source)) == []


def added(name: str, text: str = "x\n") -> Plant:
    def plant(tree: Path) -> None:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, "utf-8")

    return plant


def changed(name: str, old: str, new: str) -> Plant:
    def plant(tree: Path) -> None:
        text = (tree / name).read_text("utf-8")
        assert old in text
        (tree / name).write_text(text.replace(old, new, 1), "utf-8")

    return plant


PLANTED: list[tuple[str, Plant, str]] = [
    (
        "conditions",
        added(f"{ONE}/chassis/x.py.jinja", "{% if level > 1 %}\n{% endif %}\n"),
        "{% if in Python",
    ),
    (
        "conditions",
        added(f"{ONE}/{{% yield e from model.entities %}}x{{% endyield %}}.py.jinja", "{%- else %}"),
        "{%- else in Python",
    ),
    ("suffixes", added(f"{ONE}/static.md.jinja"), "static.md.jinja: a static file needs no"),
    ("joints", added(f"{ONE}/a.md.jinja", "{{ level }}"), "a.md.jinja: depends on the level"),
    ("joints", added(f"{ONE}/a.md.jinja", f"{{{{ 'x' if {MODULE} }}}}"), "a.md.jinja: depends on"),
    (
        "joints",
        added(f"{ONE}/a.md.jinja", "{{ paths_of('yours') }}"),
        "a.md.jinja: depends on the level",
    ),
    ("joints", changed(MANIFEST, "joints:\n", "joints:\n  - gone.md.jinja\n"), "gone.md"),
    ("layer_names", added("template/{{ level_9 }}/x.md"), "x.md: is in no layer"),
    ("layer_names", added("template/x.md"), "x.md: is in no layer"),
    ("layer_names", added(f"template/{OF_MODULE}/{OF_MODULE}/x.md"), "is in one layer twice"),
    ("layer_names", added(f"{ONE}/docs/{{{{ level_2 }}}}/x.md"), "level_2 is a layer; it must"),
    ("one_owner", added("template/{{ level_2 }}/Makefile"), "{{ level_2 }}/Makefile: writes the same"),
    ("one_owner", added(f"template/{OF_MODULE}/{{{{ level_2 }}}}/makefile"), "writes the same path"),
    ("file_names", added(f"{ONE}/docs/what?.md"), "'what?.md' is no name on Windows"),
    ("file_names", added(f"{ONE}/docs/nul.md"), "'nul.md' is no name on Windows"),
    ("file_names", added(f"{ONE}/{'a' * 90}/{'b' * 100}"), "is longer than 200 characters"),
    ("left_open", added(f"{ONE}/x.py", "# TODO: later\n"), "x.py: TODO"),
    (
        "silent_installs",
        added(f"{ONE}/x.py", "def install(\n    app: X,\n) -> None:\n    if app:\n\n        logger.info(1)\n"),
        "x.py: logs in install",
    ),
    ("secrets", added(f"{ONE}/x.env", 'PASSWORD = "hunter2hunter2"\n'), "looks like a secret"),
    ("secrets", added(f"{ONE}/a.yml", "a:\n  password: hunter2hunter2hunter2\n"), "a.yml: looks like"),
    ("secrets", added(f"{ONE}/b.yml.jinja", "- PG_PASSWORD=postgres\n{{ x }}"), "b.yml.jinja: looks"),
    ("secrets", added(f"{ONE}/c.env", "API_TOKEN=abcdef123456\n"), "c.env: looks like a secret"),
    ("secrets", added(f"{ONE}/d.py", 'X = "amqp://me:hunter2@host"\n'), "d.py: looks like a secret"),
    ("secrets", added(f"{ONE}/x.pem", "-----BEGIN RSA PRIVATE KEY-----\n"), "looks like a secret"),
    (
        "unused_questions",
        changed("questions/computed.yml", "project: {", "spare: {type: str, default: x}\nproject: {"),
        "spare: nothing reads this answer",
    ),
    (
        "answers_agree",
        changed("questions/identity.yml", "author_name:\n", "author:\n"),
        "author_name: is missing in the questions",
    ),
    (
        "answers_agree",
        changed("questions/identity.yml", "default: proprietary", "default: MIT"),
        "license: 'MIT' is its default, the schema has 'proprietary'",
    ),
    (
        "answers_agree",
        changed("questions/identity.yml", "[MIT, Apache-2.0, ", "[Apache-2.0, MIT, "),
        "license: offers ['Apache-2.0', 'MIT'",
    ),
    (
        "answers_agree",
        changed("questions/level.yml", "type: int", "type: str"),
        "level: is asked as str, the schema has integer",
    ),
    (
        "answers_agree",
        changed("questions/level.yml", "level:\n  type: int\n", "level:\n  type: int\n  default: 1\n"),
        "level: is mandatory, and must have no default",
    ),
    (
        "catalog_agrees",
        changed("schemas/catalog/field_types.yml", "boolean:\n", "truth:\n"),
        "field types: the catalog has",
    ),
    (
        "features_are_placed",
        changed(MANIFEST, 'name: makefile, phase: "4.1"', 'name: makefile, phase: "4.9"'),
        "makefile: there is no phase 4.9",
    ),
]


@pytest.mark.parametrize(
    "line",
    [
        "PASSWORD: ${PASSWORD:?run make env}",
        "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password",
        "token: ${{ secrets.TOKEN }}",
        "password: {{ chosen }}",
        "TOKEN_SECONDS: 900",
        "PASSWORD=",
        "url: amqp://me:${PASSWORD}@host",
    ],
)
def test_a_secret_from_elsewhere_is_none(line: str) -> None:
    assert not SETTING.search(line)
    assert not ADDRESS.search(line)


@pytest.mark.in_turns(12)
@pytest.mark.parametrize(
    ("check", "plant", "told"), PLANTED, ids=[f"{check}-{told[:30]}" for check, _, told in PLANTED]
)
def test_a_breach_is_found(check: str, plant: Plant, told: str, tmp_path: Path) -> None:
    if check == "file_names" and sys.platform == "win32":
        pytest.skip("such a file cannot be made here")
    tree = copy_template(tmp_path / "template")
    plant(tree)

    found = list(CHECKS[check](Source(tree)))

    assert [breach for breach in found if told in breach], found


def test_every_rule_is_shown_to_find_something() -> None:
    assert {check for check, _, _ in PLANTED} == set(CHECKS)
