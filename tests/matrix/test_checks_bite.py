"""Every check of the proof finds what it is there for: one offence each, planted in one template."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ferrata.planning import Combination
from tests.matrix.proof import Proof, prove
from tests.support import answers_of

# What is planted is planted in these.
pytestmark = pytest.mark.about("level_2", "level_3", "rabbitmq", "workers")
ONE, TWO = "template/{{ level_1 }}", "template/{{ level_2 }}"
UNTRUE = """\
# Untrue

[Gone](gone.md), [no heading](maturity.md#nowhere), [a heading](maturity.md#what-it-has), `make nothing`,
`make test` / `never`, `deploy/locla/compose.yml`, `tools/<name>.yaml`, `tools/<name>.toml`, docs/lost.md,
`NO_SUCH_VARIABLE`, `NO_SUCH_`, `HTTP_POOL_`. It takes `HTTP_TIMEOUT` seconds (11) or `HTTP_CONNECT_TIMEOUT` seconds (2).

| variable | default | meaning |
| --- | --- | --- |
| `NO_SETTING` | 1 | nothing |
| `LOG_LEVEL` | `DEBUG` | another default |
| `HTTP_ATTEMPTS` | 3 | right |

```
make neither
uv run python -m tools.nothing
```
"""
SPARE_ROUTE = '''\
"""Spares."""

from fastapi import APIRouter

router = APIRouter()


@router.get("/spares")
async def spares() -> None:
    """Give none."""
'''
SPARE_EVENT = '''\
"""What happens to spares."""

from typing import Literal


class SpareMade:
    """A spare was made."""

    type: Literal["spare.made"]
'''
PLANTED = {
    f"{ONE}/docs/untrue.md": UNTRUE,
    f"{ONE}/leftover.txt.jinja": "{{ '{' }}{ project }}\n",
    f"{ONE}/not_rendered.txt": "The API is {{ data_api }}.\n",
    f"{ONE}/foreign.md": "${{ github.ref }} {{ $labels.job }} {{job}}\n",
    f"{ONE}/conflict.txt": "<<<<<<< before\n=======\n>>>>>>> after\n",
    f"{ONE}/empty.txt.jinja": "{{ '' }}\n",
    f"{ONE}/carriage.txt": "one\r\n",
    f"{ONE}/latin.txt": "\udce9\n",
    f"{ONE}/broken.toml": "a = \n",
    f"{ONE}/broken.yml": "a: [\n",
    f"{ONE}/broken.json": "{,}\n",
    f"{ONE}/deploy/compose/broken.yml": "services:\n  a: {imagine: b}\n",
    f"{ONE}/hollow/{{{{ level_3 }}}}/some.txt": "x\n",
    f"{ONE}/twice.txt": "one\n",
    f"{TWO}/twice.txt": "two\n",
    f"{ONE}/chassis/src/chassis/early.py": '"""Early."""\n\nNAME = "prometheus"\n',
    f"{ONE}/docs/prometheus.md": "# Metrics\n",
    f"{ONE}/chassis/src/chassis/health/leaked.py": '"""Leaked."""\n',
    f"{ONE}/chassis/src/chassis/broken.py": "def broken(:\n",
    f"{ONE}/chassis/src/chassis/unused.py": '"""Unused."""\n\nimport os\n',
    f"{ONE}/chassis/src/chassis/unformatted.py": '"""Unformatted."""\n\nX   =  1\n',
    f"{ONE}/docs/shown.md": "# Shown\n\n```python\nX   =  1\n```\n",
    f"{ONE}/chassis/src/chassis/missing.py": '"""Missing."""\n\nimport tinydb\n\nX = tinydb\n',
    f"{ONE}/services/{{{{ api }}}}/src/{{{{ api }}}}/short_cut.py": '"""Short cut."""\n\nimport asyncpg\n\nX = asyncpg\n',
    f"{ONE}/shared/src/shared/hen.py": '"""Hen."""\n\nfrom shared import egg\n\nX = egg\n',
    f"{ONE}/shared/src/shared/egg.py": (
        '"""Egg."""\n\nfrom typing import TYPE_CHECKING\n\n'
        'if TYPE_CHECKING:\n    from shared.hen import X\n\nY: "X"\n'
    ),
    f"{ONE}/tools/spare.py": '"""Spare."""\n\nimport json, toolz\n\nX = json, toolz\n',
    f"{TWO}/docs/spare.md": "# Spare\n",
    f"{ONE}/odd/extra/pyproject.toml": '[project]\nname = "extra"\nversion = "0.1.0"\n',
    f"{ONE}/odd/extra/src/extra/__init__.py": '"""Extra."""\n',
    f"{ONE}/services/{{{{ data_api }}}}/src/{{{{ data_api }}}}/models/spare.py": '"""Spares."""\n\n__tablename__ = "spares"\n',
    f"{ONE}/services/{{{{ api }}}}/src/{{{{ api }}}}/api/v1/spare.py": SPARE_ROUTE,
    "template/{{ rabbitmq }}/shared/src/shared/events/spare.py": SPARE_EVENT,
    f"{ONE}/deploy/gateway.conf": "listen 80;\n",
    f"{ONE}/deploy/alerts.yml": "groups: []\n",
    f"{ONE}/deploy/message.txt": "A password is missing: run make envy\n",
    # It says something else when a module is asked for by name than when another brings it.
    f"{ONE}/asked.txt.jinja": "Asked for: {{ modules | join(' ') }}.\n",
}
EXPECTED = [
    ("leftover.txt", "has template syntax left: '{{ project'"),
    ("not_rendered.txt", "has template syntax left: '{{ data_api'"),
    ("conflict.txt", "has a conflict marker"),
    ("empty.txt", "is empty"),
    ("carriage.txt", "has a carriage return"),
    ("latin.txt", "is no UTF-8 text"),
    ("broken.toml", "does not parse"),
    ("broken.yml", "does not parse"),
    ("broken.json", "does not parse"),
    ("deploy/compose/broken.yml", "is no Compose file: services/a"),
    ("docker-compose.yml", "includes deploy/compose/gone.yml, which is not there"),
    ("hollow", "is a folder without files"),
    ("twice.txt", "is written by more than one layer: {{ level_1 }}/twice.txt, {{ level_2 }}"),
    ("chassis/src/chassis/early.py", "mentions 'prometheus', which only level 3 brings"),
    ("docs/prometheus.md", "mentions 'prometheus', which only level 3 brings"),
    ("chassis/src/chassis/health/leaked.py", "belongs to the feature 'health', which is off"),
    (".pre-commit-config.yaml", "is missing, but the feature 'pre_commit' is on"),
    ("pyproject.toml", "'[tool.bandit]' must be there if and only if 'security_scan' is off"),
    ("pyproject.toml", "ruff's src has no place for odd/extra/src"),
    ("chassis/src/chassis/broken.py", "does not compile: line 1"),
    ("chassis/src/chassis/unused.py", "ruff F401"),
    ("chassis/src/chassis/unformatted.py", "is not formatted"),
    ("docs/shown.md", "is not formatted"),
    ("chassis/src/chassis/missing.py", "imports tinydb, which chassis/pyproject.toml does not"),
    ("services/team_tasks_api/src/team_tasks_api/short_cut.py", "imports asyncpg, which"),
    ("shared/src/shared/egg.py", "imports itself: shared.egg -> shared.hen -> shared.egg"),
    ("tools/spare.py", "imports toolz, which nothing declares"),
    ("shared/pyproject.toml", "declares tinydb, which nothing in shared uses"),
    ("chassis/src/chassis/database/connecting.py", "imports asyncpg, which chassis/pyproject.toml"),
    ("chassis/tests/test_database_settings.py", "imports asyncpg, which nothing declares"),
    ("tests/integration/system.py", "imports asyncpg, which nothing declares"),
    ("chassis/src/chassis/database/connecting.py", "loads asyncpg, which is not in the image of"),
    ("chassis/src/chassis/body_limit/__init__.py", "is a feature, and in no list"),
    ("modules/rabbitmq/src/chassis_rabbitmq/migrations/0001_outbox.py", "is no migration"),
    ("docs/spare.md", "is in the layer level_2, and no feature of it"),
    ("docker-compose.dev.yml", "mounts ./shraed/src, which is not there"),
    ("deploy/compose/team_tasks_api.runtime.yml", "asks for SENTRY_DSN, which .env.example does"),
    ("deploy/compose/team_data_postgres_api.runtime.yml", "asks for SENTRY_DSN, which"),
    (".env.example", "lists SENTRY_DNS, which neither"),
    ("docker-compose.yml", "gives LOG_LEVLE to team-tasks-api, and no setting reads it"),
    (".ferrata/template.txt", "extra.txt is listed"),
    ("deploy/gateway.conf", "is of a kind that no check knows"),
    ("deploy/alerts.yml", "is of a kind that no check knows"),
    ("docs/untrue.md", "links to gone.md, which is not there"),
    ("docs/untrue.md", "links to maturity.md#nowhere, but docs/maturity.md has no such heading"),
    ("docs/untrue.md", "says `make nothing`, which is no target"),
    ("docs/untrue.md", "says `make never`, which is no target"),
    ("docs/untrue.md", "says `make neither`, which is no target"),
    ("docs/untrue.md", "says `python -m tools.nothing`, which is not there"),
    ("docs/untrue.md", "speaks of deploy/locla/compose.yml, which is not there"),
    ("docs/untrue.md", "speaks of tools/<name>.yaml, which is not there"),
    ("docs/untrue.md", "speaks of docs/lost.md, which is not there"),
    ("docs/untrue.md", "speaks of NO_SUCH_VARIABLE, which nothing reads"),
    ("docs/untrue.md", "speaks of NO_SUCH_, which nothing reads"),
    ("docs/untrue.md", "documents NO_SETTING, which is no setting"),
    ("docs/untrue.md", "says that LOG_LEVEL is DEBUG, but it is INFO"),
    ("docs/untrue.md", "says that HTTP_TIMEOUT is 11, but it is 10"),
    ("docs/rabbitmq.md", "does not document RABBITMQ_TIMEOUT"),
    ("README.md", "does not name the folder odd"),
    ("AGENTS.md", "does not name the folder services/team_tasks_api"),
    ("artifacts/requirements/intake.md", "does not tell of the container postgres"),
    ("artifacts/requirements/intake.md", "tells of the container PostgreSQL, which is not there"),
    ("artifacts/requirements/intake.md", "does not tell of the service team_tasks_worker none"),
    ("artifacts/requirements/intake.md", "does not tell of the table spares"),
    ("artifacts/requirements/intake.md", "does not tell of the column updated_at of `tasks`"),
    ("artifacts/requirements/intake.md", "does not tell of the endpoint GET /spares"),
    ("artifacts/requirements/intake.md", "does not tell of the event spare.made"),
    ("artifacts/requirements/intake.md", "does not tell of the consumer count_new_tasks"),
    ("artifacts/plans/implementation-plan.md", "does not tell of the requirement FR-001"),
    ("deploy/message.txt", "says `make envy`, which is no target"),
    ("asked.txt", "differs from that of level-1-workers, which is the same"),
]


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """The proof of a template with every offence in it."""
    from tests.matrix.conftest import copy_template  # noqa: PLC0415

    tree = copy_template(tmp_path_factory.mktemp("offences") / "template")
    for name, text in PLANTED.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    compose = tree / ONE / "docker-compose.yml.jinja"
    change(compose, "- deploy/local/compose.yml", "- deploy/compose/gone.yml")
    change(tree / ONE / "pyproject.toml.jinja", "[tool.uv]\n", "# [tool.bandit]\n[tool.uv]\n")
    change(tree / ONE / ".ferrata/template.txt.jinja", "{% for", "extra.txt\n{% for")
    change(tree / "template/{{ rabbitmq }}/docs/rabbitmq.md.jinja", "| `RABBITMQ_TIMEOUT` |", "| |")
    change(
        tree / ONE / "shared/pyproject.toml.jinja",
        '    "chassis",\n',
        '    "chassis",\n    "tinydb",\n',
    )
    change(tree / TWO / "docker-compose.dev.yml.jinja", "./shared/src:", "./shraed/src:")
    change(tree / ONE / "deploy/compose/{{ api }}.yml.jinja", "LOG_LEVEL: ", "LOG_LEVLE: ")
    (tree / TWO / ".pre-commit-config.yaml").unlink()
    change(tree / ONE / "AGENTS.md.jinja", "`services/{{ service.name }}`", "`{{ service.name }}`")
    intake = tree / ONE / "artifacts/requirements/intake.md.jinja"
    change(intake, "`{{ component.name }}`", "{{ component.title }}")
    change(intake, "{{ service.port | default('none') }}", "{{ service.port | default(1) }}")
    change(intake, "`created_at`, `updated_at`", "`created_at`")
    plan = tree / ONE / "artifacts/plans/implementation-plan.md.jinja"
    change(plan, "{% set items = work_list()", "{% set items = work_list()[1:]")
    layers = tree / "schemas/catalog/layers"
    change(layers / "level_1.yml", "  - {name: body_limit, settings: true}\n", "")
    change(layers / "level_1.yml", '  - {name: "asyncpg>=0.32", extra: postgres}\n', "")
    change(layers / "rabbitmq.yml", "version_locations:\n  - {package: chassis_rabbitmq}\n", "")
    change(layers / "workers.yml", ", after: chassis_rabbitmq", "")
    change(layers / "workers.yml", "count_new_{entities}", "count_{entities}")
    change(layers / "level_2.yml", '{SENTRY_DSN: ""}', '{SENTRY_DNS: ""}')
    change(layers / "level_2.yml", "after: SENTRY_DSN", "after: SENTRY_DNS")
    # Modules that bring each other, so that two requests give one project.
    asked = [
        Combination(1, ()),
        Combination(2, ()),
        Combination(1, ("workers",)),
        Combination(1, ("rabbitmq", "workers")),
    ]
    return prove(tree, answers_of("task_manager"), asked, processes=1)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(("path", "what"), EXPECTED, ids=lambda text: text[:40])
def test_the_offence_is_found_and_named(path: str, what: str, proof: Proof) -> None:
    found = [offence for offence in proof.offences if offence.path == path]

    assert any(what in offence.what for offence in found), found


def test_what_a_document_says_rightly_is_not_told(proof: Proof) -> None:
    told = {offence.what for offence in proof.offences if offence.path == "docs/untrue.md"}

    assert len(told) == sum(path == "docs/untrue.md" for path, _ in EXPECTED)


def test_what_is_right_is_not_told(proof: Proof) -> None:
    planted = {path for path, _ in EXPECTED} | {"modules/workers/**", "modules/rabbitmq/**"}

    told = {str(offence) for offence in proof.offences if offence.path not in planted}

    assert told == set()


def test_an_undefined_name_is_told(copied: Callable[[], Path]) -> None:
    tree = copied()
    (tree / ONE / "undefined.txt.jinja").write_text("{{ no_such_name }}\n", "utf-8")

    proof = prove(tree, answers_of("task_manager"), [Combination(1, ())], processes=1)

    assert proof.told() == [
        "level-1: {{ level_1 }}/undefined.txt.jinja: uses an undefined name: 'no_such_name' is undefined"
    ]


def test_settings_that_do_not_parse_are_told(copied: Callable[[], Path]) -> None:
    tree = copied()
    change(tree / ONE / "pyproject.toml.jinja", "{{ project_name | quoted }}", "{{ project_name }}")

    proof = prove(tree, answers_of("task_manager"), [Combination(1, ())], processes=1)

    [told] = proof.told()
    assert told.startswith("level-1: pyproject.toml: does not parse: ")


@pytest.mark.long
def test_many_processes_find_the_same(copied: Callable[[], Path]) -> None:
    tree = copied()
    (tree / ONE / "broken.toml").write_text("a = \n", "utf-8")
    asked = [Combination(1, ()), Combination(2, ())]
    ticks: list[int] = []

    proof = prove(tree, answers_of("task_manager"), asked, processes=2, progress=ticks.append)

    assert len(proof.told()) == 1
    assert proof.told()[0].endswith("(and with 1 more projects)")
    assert (proof.projects, sum(ticks)) == (2, 2)
