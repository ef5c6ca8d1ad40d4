"""Reading answers: what is no answers file is said in one line; --set lies on top of the file."""

from pathlib import Path

import pytest
import yaml

from ferrata.answers import load, with_settings
from ferrata.answers.places import lines_of
from ferrata.base import Failure, UsageFailure

BROKEN = Path(__file__).parent / "broken"
SAID = {
    "duplicate_key": "line 3 is not YAML: the key 'level' is given twice",
    "exploding_aliases": "aliases make it grow",
    "impossible_date": "month must be in 1..12",
    "not_a_mapping": "must be a mapping of answers (`level: 1`), got a list",
    "not_utf8": "is not UTF-8 text",
    "nul": "special characters are not allowed",
    "open_quote": "line 2 is not YAML",
    "python_tag": "line 1 is not YAML: could not determine a constructor",
    "recursive": "aliases make it grow",
    "tab": "line 2 is not YAML",
    "two_documents": "is not YAML: but found another document",
    "unclosed": "line 3 is not YAML",
    "unhashable_key": "line 1 is not YAML: found unhashable key",
}


def test_every_broken_file_has_its_message() -> None:
    assert {file.stem for file in BROKEN.glob("*.yml")} == set(SAID)


@pytest.mark.parametrize("fault", SAID)
def test_broken_file(ferrata, fault):
    run = ferrata("validate", BROKEN / f"{fault}.yml")
    assert run.code == 1
    assert run.out == ""
    assert run.err.count("\n") == 1
    assert run.err.startswith("ferrata: ")
    assert SAID[fault] in run.err


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("nowhere.yml", "does not exist", id="missing"),
        pytest.param(".", "cannot be read: Is a directory", id="folder"),
        pytest.param("a\0b", "cannot be read", id="nul"),
        pytest.param("x" * 300, "cannot be read: File name too long", id="long"),
    ],
)
def test_unreadable(tmp_path, path, said):
    with pytest.raises(Failure, match=said):
        load(tmp_path / path)


def test_too_large(tmp_path):
    file = tmp_path / "answers.yml"
    file.write_text("#" * 5_000_001)
    with pytest.raises(Failure, match="larger than"):
        load(file)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_nothing_is_a_beginning(tmp_path, text):
    file = tmp_path / "answers.yml"
    file.write_text(text)
    assert load(file) == {}


def test_byte_order_mark(tmp_path):
    file = tmp_path / "answers.yml"
    file.write_text("level: 1", "utf-8-sig")
    assert load(file) == {"level": 1}


MERGED = """\
defaults: &defaults {type: string, required: true}
more: &more
  <<: *defaults
  max_length: 5
fields:
  - {<<: *defaults, name: a}
  - <<: [*more, {unique: true}]
    name: b
    required: false
again: *more
"""


def test_merge_keys_and_aliases_as_yaml_has_them(tmp_path):
    file = tmp_path / "answers.yml"
    file.write_text(MERGED)
    loaded = load(file)
    assert loaded == yaml.safe_load(MERGED)
    assert loaded["fields"][1] == {
        "type": "string",
        "required": False,
        "max_length": 5,
        "unique": True,
        "name": "b",
    }
    # An alias is a value of its own: what is written from it has no anchors.
    assert "&" not in yaml.safe_dump(loaded)


def test_a_key_given_twice_beside_a_merge(tmp_path):
    file = tmp_path / "answers.yml"
    file.write_text("a: &a {x: 1}\nb:\n  <<: *a\n  y: 1\n  y: 2\n")
    with pytest.raises(Failure, match="line 5 is not YAML: the key 'y' is given twice"):
        load(file)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param("more", 2, id="top"),
        pytest.param("fields[0].name", 6, id="flow"),
        pytest.param("fields[1]", 7, id="item"),
        pytest.param("fields[1].name", 8, id="inner"),
        pytest.param("fields[1].max_length", 4, id="merged"),
        pytest.param("fields[1].type", 1, id="merged twice"),
        pytest.param("fields[1].gone", 7, id="missing: what is around it"),
        pytest.param("fields[7]", 5, id="beyond the list"),
        pytest.param("gone", None, id="missing at the top"),
    ],
)
def test_line_of_an_answer(tmp_path, path, line):
    file = tmp_path / "answers.yml"
    file.write_text(MERGED)
    assert lines_of(file)(path) == line
    assert lines_of(file, besides={"more", "fields"})(path) is None


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        pytest.param("level=2", {"level": 2, "a": {"b": [1, {"c": 2}]}}, id="top"),
        pytest.param("new=", {"level": 1, "a": {"b": [1, {"c": 2}]}, "new": None}, id="empty"),
        pytest.param("a.b=x", {"level": 1, "a": {"b": "x"}}, id="nested"),
        pytest.param("a.b.1.c=[y]", {"level": 1, "a": {"b": [1, {"c": ["y"]}]}}, id="in a list"),
        pytest.param("a.b.2=z", {"level": 1, "a": {"b": [1, {"c": 2}, "z"]}}, id="appended"),
        pytest.param(
            "n.m=1=2", {"level": 1, "a": {"b": [1, {"c": 2}]}, "n": {"m": "1=2"}}, id="made"
        ),
    ],
)
def test_setting(setting, expected):
    before = {"level": 1, "a": {"b": [1, {"c": 2}]}}
    assert with_settings(before, [setting]) == expected
    assert before == {"level": 1, "a": {"b": [1, {"c": 2}]}}


def test_a_text_needs_no_quotes():
    assert with_settings({}, ["name=3.12", "on=3.12"], {"name"}) == {"name": "3.12", "on": 3.12}
    assert with_settings({}, ['name="3.12"'], {"name"}) == {"name": "3.12"}


def test_an_open_answer_that_is_given_is_open_no_more():
    before = {"open_answers": ["scope_in", "risks"], "scope_in": ["?"]}
    after = with_settings(before, ["scope_in=[x]"])
    assert after == {"open_answers": ["risks"], "scope_in": ["x"]}
    assert with_settings(after, ["open_answers=[scope_in]"])["open_answers"] == ["scope_in"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        pytest.param("level", "must be KEY=VALUE", id="no equals sign"),
        pytest.param("=1", "must be KEY=VALUE", id="no key"),
        pytest.param("a..b=1", "must be KEY=VALUE", id="empty part"),
        pytest.param("level.x=1", "no mapping or list above 'x', but 1", id="below a value"),
        pytest.param("list.7=1", "'7' is no place in a list of 1", id="beyond a list"),
        pytest.param("list.x=1", "'x' is no place in a list of 1", id="name in a list"),
        pytest.param("level=[", "the value is not YAML", id="not YAML"),
    ],
)
def test_wrong_setting(setting, said):
    with pytest.raises(UsageFailure, match=said):
        with_settings({"level": 1, "list": [1]}, [setting])
