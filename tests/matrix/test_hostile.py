"""Answers as people never write them, but may: the valid ones give a sound project that says
everything in their very words, the others are refused and write nothing."""

import copy
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier.errors import UserMessageError
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ferrata.answers import completeness as validate
from ferrata.answers import reading as files
from ferrata.base import Exit
from tests import turns
from tests.extensions.strategies import COMBINATIONS, JSON, with_briefs, with_entities
from tests.matrix import contents, echo
from tests.matrix.python_files import PythonFiles
from tests.matrix.renderer import Rendered, Renderer
from tests.matrix.sample import pythons_here
from tests.matrix.test_covering import check_answers
from tests.support import (
    LEVELS,
    MODULES,
    ROOT,
    answers_of,
    brief,
    extension,
    files_of,
    git,
    render,
)
from tests.template.source import path_faults

# A case of long texts is shown in full when it fails.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

# Rendered projects are remembered; after so many cases everything is forgotten.
REMEMBERED = 100

SETTINGS: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    # A case that fails is shown as it is: making it smaller takes longer than all the others.
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
everyday_briefs = settings(max_examples=50, **SETTINGS)
everyday_entities = settings(max_examples=40, **SETTINGS)
long_briefs = settings(max_examples=1400, **SETTINGS)
long_entities = settings(max_examples=600, **SETTINGS)
everyday_broken = settings(max_examples=60, **SETTINGS)
SETTINGS_OF_SAMPLE = settings(**SETTINGS | {"phases": [Phase.generate]})
few = settings(max_examples=4, **SETTINGS)


@cache
def renderer() -> Renderer:
    """One renderer, whose templates are compiled once."""
    return Renderer(ROOT)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all cases of a test."""
    return tmp_path_factory.mktemp("hostile")


def rendered(answers: dict[str, Any]) -> Rendered:
    if len(renderer()._digests) > REMEMBERED * 10:
        renderer().forget()
    return renderer().render(answers)


# What was found to be without a fault; other cases have most of it too.
SOUND: set[tuple[str, bytes]] = set()


def sound(answers: dict[str, Any]) -> Rendered:
    """A project in which everything parses, and which says every text as it is."""
    assert extension().problems(answers) == []
    project = rendered(answers)
    assert project.collisions == {}
    for path, content in project.files.items():
        if (path, content) not in SOUND:
            assert list(faults_of(project, path)) == []
            SOUND.add((path, content))
    words, texts = echo.exchanged(answers, extension().schema())
    changed = list(echo.faults(project, rendered(words), texts, extension()))
    assert not changed, "\n".join(changed)
    recorded = contents.parsed_yaml(project.text(".copier-answers.yml"))
    assert {key: recorded.get(key) for key in answers} == answers
    return project


def faults_of(project: Rendered, path: str) -> Iterator[str]:
    """Say what is wrong with a file and its name."""
    yield from path_faults(path)
    content = project.files[path]
    if project.sources[path].endswith(".jinja"):
        # `{{` may well be a part of an answer.
        yield from contents.faults(path, content, rendered=False, variables=frozenset())
        if path.endswith(".py"):
            compile(content, path, "exec", dont_inherit=True)


@turns.proofs
@everyday_briefs
@given(answers=with_briefs())
def test_texts_come_out_as_they_are(answers: dict[str, Any]) -> None:
    sound(answers)


@pytest.mark.long
@long_briefs
@given(answers=with_briefs())
def test_many_texts_come_out_as_they_are(answers: dict[str, Any]) -> None:
    sound(answers)


def sound_and_formatted(folder: Path, examples: settings) -> None:
    """Any entities give sound code; the linter and the formatter see that of all of them at once."""
    collected = PythonFiles(folder)

    @examples
    @given(answers=with_entities())
    def collect(answers: dict[str, Any]) -> None:
        assume(extension().problems(answers) == [])
        collected.add(json.dumps(answers["entities"]), sound(answers))

    collect()
    faults = [f"{path}: {what} with {entities}" for entities, path, what in collected.faults()]
    assert not faults, "\n".join(faults[:20])


@turns.proofs
def test_entities_become_sound_formatted_code(tmp_path: Path) -> None:
    sound_and_formatted(tmp_path, everyday_entities)


@pytest.mark.long
def test_many_entities_become_sound_formatted_code(tmp_path: Path) -> None:
    sound_and_formatted(tmp_path, long_entities)


@turns.proofs
@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        pytest.param(
            "pyproject.toml.jinja",
            "{{ project_name | quoted }}",
            '"{{ project_name }}"',
            "pyproject.toml: TOMLDecodeError",
            id="not-quoted",
        ),
        pytest.param(
            "artifacts/requirements/intake.md.jinja",
            "{{ requirement.title | cell }} | {{ requirement.priority",
            "{{ requirement.title }} | {{ requirement.priority",
            "intake.md: ValueError: Qz",
            id="cell",
        ),
        pytest.param(
            "docker-compose.yml.jinja",
            "name: {{ project | kebab }}",
            "name: {{ project | kebab }}\nx-about: {{ project_name | quoted }}",
            "docker-compose.yml: ValueError: .x-about should be",
            id="compose",
        ),
        pytest.param(
            "services/{{ api }}/src/{{ api }}/main.py.jinja",
            '"""',
            '"""{{ problem }} ',
            "main.py: SyntaxError",
            id="docstring",
        ),
    ],
)
def test_a_text_that_is_another_one_is_told(
    file: str, old: str, new: str, told: str, copied: Callable[[], Path]
) -> None:
    tree = copied()
    source = tree / "template/{{ level_1 }}" / file
    text = source.read_text("utf-8")
    assert old in text
    source.write_text(text.replace(old, new, 1), "utf-8")
    answers = answers_of("odd_names") | {
        "problem": 'It"""s <b>.\n\\',
        "project_name": 'Pay "$HOME" ${HOME}',
    }
    words, texts = echo.exchanged(answers, extension().schema())
    own = Renderer(tree)

    found = list(echo.faults(own.render(answers), own.render(words), texts, own.rules))

    assert [fault for fault in found if told in fault], found
    assert len(found) == 1


BREAKAGES: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "missing": lambda answers, key: answers.pop(key),
    "null": lambda answers, key: answers.update({key: None}),
    "unknown key": lambda answers, key: answers.update({f"{key}s_": answers[key]}),
    "wrong type": lambda answers, key: answers.update({key: {"not": ["this", 1]}}),
    "control character": lambda answers, _: answers.update(problem="bell \x07"),
    "half a character": lambda answers, _: answers.update(problem="half \ud83d"),
    "two lines": lambda answers, _: answers.update(project_name="two\nlines"),
    "path": lambda answers, _: answers.update(context="../../etc"),
    "keyword": lambda answers, _: answers["entities"][0].update(name="class"),
    "too long": lambda answers, _: answers.update(author_name="x" * 121),
    "blank": lambda answers, _: answers.update(problem=" \n\t"),
    "twice": lambda answers, _: answers["functional_requirements"].append(
        answers["functional_requirements"][0]
    ),
}


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """Hostile texts with one mistake, which makes them invalid whatever the rest says."""
    answers = copy.deepcopy(draw(with_briefs()))
    how = draw(st.sampled_from(sorted(BREAKAGES)))
    key = draw(st.sampled_from(sorted(extension().schema()["required"])))
    BREAKAGES[how](answers, key)
    return answers


@st.composite
def anything(draw: st.DrawFn) -> dict[str, Any]:
    """The task manager's answers with any value at all in one place."""
    return brief() | {draw(st.sampled_from(sorted(extension().schema()["properties"]))): draw(JSON)}


@turns.proofs
@everyday_broken
@given(answers=broken())
def test_a_mistake_is_told_in_one_line_each(answers: dict[str, Any]) -> None:
    found = extension().problems(answers)

    assert found != []
    assert all("\n" not in str(problem) and problem.path for problem in found)


def accepted_by_copier(template: Path, answers: dict[str, Any], folder: Path) -> bool:
    """Tell whether plain `copier copy` takes answers; what it refuses must not leave anything."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        target = Path(scratch) / "project"
        told = ""
        try:
            render(template, answers, target)
        except UserMessageError as error:
            told = str(error)
        assert told.splitlines() == [str(problem) for problem in extension().problems(answers)]
        assert target.exists() == (not told)
        return not told


def accepted_by_validate(answers: dict[str, Any], folder: Path) -> bool:
    """Tell whether `ferrata validate` takes answers, from a file."""
    file = folder / "answers.yml"
    file.write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    loaded = files.load(file)
    assert loaded == answers
    return validate.verdict(extension(), loaded, file, as_json=True) == Exit.GREEN


@pytest.mark.long
@settings(max_examples=40, **SETTINGS)
@given(answers=st.one_of(with_briefs(), with_entities(), broken(), anything()))
def test_validate_and_copier_agree(
    answers: dict[str, Any], template: Path, shared_folder: Path
) -> None:
    assert accepted_by_validate(answers, shared_folder) == accepted_by_copier(
        template, answers, shared_folder
    )


@turns.proofs
def test_validate_and_copier_agree_on_one_of_each(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = answers_of("odd_names")
    wrong = right | {"problem": "half \ud83d"}

    assert accepted_by_validate(right, tmp_path)
    assert accepted_by_copier(template, right, tmp_path)
    assert not accepted_by_validate(wrong, tmp_path)
    assert not accepted_by_copier(template, wrong, tmp_path)


@pytest.mark.long
@few
@given(answers=with_briefs())
def test_hostile_texts_are_written_as_copier_writes_them(
    answers: dict[str, Any], template: Path, shared_folder: Path
) -> None:
    with tempfile.TemporaryDirectory(dir=shared_folder) as scratch:
        written = files_of(render(template, answers, Path(scratch) / "project"))
    own = Renderer(template, commit=git(template, "describe", "--tags", "--always").strip())

    assert own.render(answers).files == written


# Every level with texts and with entities, and every module in one of them.
KINDS = {"brief": with_briefs, "entities": with_entities}
GATES = list(itertools.product(LEVELS, KINDS))
MODULES_OF = {case: MODULES[place :: len(GATES)] for place, case in enumerate(GATES)}
PYTHONS_OF = dict(zip(GATES, itertools.cycle(pythons_here()), strict=False))


def is_large(kind: str, answers: dict[str, Any]) -> bool:
    """Tell whether answers have enough in them to be worth minutes."""
    if kind == "entities":
        types = [field["type"] for entity in answers["entities"] for field in entity["fields"]]
        return len(answers["entities"]) >= 2 and len(set(types)) >= 6
    texts = echo.exchanged(answers, extension().schema())[1].values()
    return len(texts) >= 30 and sum(map(len, texts)) >= 3000


def large(kind: str, level: int, modules: list[str]) -> dict[str, Any]:
    """The first answers that are large, of one level and with these modules."""
    brought = tuple(extension().closure(level, modules))
    chosen = [one for one in COMBINATIONS if (one.level, one.modules) == (level, brought)]
    found: list[dict[str, Any]] = []

    # The smallest are drawn first; those of the next level are others.
    @settings(SETTINGS_OF_SAMPLE, max_examples=50 + 10 * level)
    @given(answers=KINDS[kind](chosen))
    def draw(answers: dict[str, Any]) -> None:
        assume(is_large(kind, answers) and extension().problems(answers) == [])
        found.append(answers)

    draw()
    return found[-1]


def test_the_sample_has_all_levels_modules_and_pythons() -> None:
    assert {level for level, _ in GATES} == set(LEVELS)
    assert {name for names in MODULES_OF.values() for name in names} == set(MODULES)
    assert set(PYTHONS_OF.values()) == set(pythons_here()[: len(GATES)])


@pytest.mark.long
@pytest.mark.parametrize(("level", "kind"), GATES)
def test_the_gates_of_hostile_answers_are_green(level: int, kind: str, template: Path) -> None:
    case = (level, kind)
    answers = large(kind, level, MODULES_OF[case]) | {"python_version": PYTHONS_OF[case]}
    check_answers(f"hostile {kind} at level {level}", answers, template)
