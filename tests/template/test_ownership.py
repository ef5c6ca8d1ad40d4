"""Who owns what is said once, in the catalog; what cannot read it says the same."""

import copy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import EXAMPLES, ODD, ROOT, answers_of, extension, files_of, render, room

SETTINGS = next(iter(yaml.safe_load_all((ROOT / "copier.yml").read_text("utf-8").split("---")[0])))


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]


def test_copier_has_the_same_rule() -> None:
    assert SETTINGS["_skip_if_exists"] == extension().catalog()["ownership"]["yours"]
    assert SETTINGS["_exclude"] == list(room("files.paths").EXCLUDED)
    assert SETTINGS["_templates_suffix"] == room("files.paths").SUFFIX


@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_every_file_is_in_one_list(name: str, rendered: Callable[[str], Path]) -> None:
    project = rendered(name)
    seeds = lines(project / extension().SEEDS_FILE)
    template = lines(project / extension().TEMPLATE_FILE)

    assert seeds == sorted(seeds)
    assert template == sorted(template)
    assert sorted([*seeds, *template]) == sorted(files_of(project))


@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_the_fingerprint_is_that_of_the_recorded_answers(
    name: str, rendered: Callable[[str], Path]
) -> None:
    recorded = yaml.safe_load((rendered(name) / ".copier-answers.yml").read_text("utf-8"))

    assert lines(rendered(name) / extension().FINGERPRINT_FILE) == [
        extension().fingerprint(recorded)
    ]


def test_answers_that_were_left_out_change_nothing(template: Path, tmp_path: Path) -> None:
    optional = ("risks", "open_questions", "license", "function")
    given = copy.deepcopy(answers_of("task_manager"))
    given = {key: value for key, value in given.items() if key not in optional}
    project = render(template, given, tmp_path / "demo")
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))

    assert lines(project / extension().FINGERPRINT_FILE) == [extension().fingerprint(recorded)]


def test_a_moved_template_keeps_the_fingerprint() -> None:
    answers = answers_of("task_manager")
    moved = answers | {"_src_path": "elsewhere", "_commit": "v9.9.9"}

    assert extension().fingerprint(answers) == extension().fingerprint(moved)
    assert extension().fingerprint(answers) != extension().fingerprint(answers | {"level": 2})


def test_the_hook_names_the_same_files() -> None:
    from ferrata.template import updates  # noqa: PLC0415

    merge = sys.modules[f"{updates().updating().__name__}.merge"]

    for name in ("SEEDS_FILE", "TEMPLATE_FILE"):
        assert getattr(merge, name) == getattr(extension(), name)


def test_agents_are_told_the_same(rendered: Callable[[str], Path]) -> None:
    text = (rendered("task_manager") / "AGENTS.md").read_text("utf-8")
    yours = [line for line in text.splitlines() if "| yours |" in line]

    for pattern in extension().catalog()["ownership"]["yours"]:
        assert any(f"`{pattern.strip('/')}" in line for line in yours), pattern
