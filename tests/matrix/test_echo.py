"""What stands where a text belongs has to be that very text, as its place demands it."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.matrix.echo import Echo, exchanged
from tests.matrix.renderer import Renderer
from tests.support import ROOT, answers_of, extension

TEXT = " a | b\n- c\n# d $HOME "
JINJA = Renderer(ROOT).jinja
RIGHT = {
    "a cell": ("a.md", "| head |\n| --- |\n| x {{ t | cell }} y |\n"),
    "an item": ("a.md", "- {{ t | item }}\n- next\n"),
    "a task": ("a.md", "1. [ ] {{ t | item }}\n"),
    "a paragraph": ("a.md", "before\n\n{{ t | prose }}\n\nafter\n"),
    "a line": ("a.md", "# On {{ t | trim | replace('\\n', ' ') }}\n"),
    "a value": ("a.toml", "a = {{ t | quoted }}\n"),
    "a value of Compose": (
        "deploy/compose/a.yml",
        "services: {}\nx-a: {{ t | replace('$', '$$') | quoted }}\n",
    ),
    "any other YAML": ("deploy/grafana/a.yml", "a: {{ t | quoted }}\n"),
}
WRONG = {
    "a raw cell": ("a.md", "| head |\n| --- |\n| x {{ t }} y |\n", "| b<br>- c<br># d $HOME y"),
    "an item in a table": ("a.md", "| h |\n| --- |\n| {{ t | item }} |\n", "should be 'a"),
    "a raw item": ("a.md", "- {{ t | trim }}\n", "should be 'a | b\\n  - c"),
    "a cell in a list": ("a.md", "* {{ t | cell }}\n", "should be 'a"),
    "a raw paragraph": ("a.md", "{{ t | trim }}\n\nafter\n", "should be 'a"),
    "lines in a heading": ("a.md", "# {{ t | trim }}\n", "should be 'a | b - c # d"),
    "variables in Compose": ("deploy/compose/a.yml", "x-a: {{ t | quoted }}\n", "$$HOME"),
    "dollars elsewhere": ("a.yml", "a: {{ t | replace('$', '$$') | quoted }}\n", "is 'a | b"),
    "a comment": ("a.toml", "# {{ t | replace('\\n', ' ') }}\na = 1\n", "stands in a comment"),
    "a comment in Python": ("a.py", "A = 1  # {{ t | quoted }}\n", "stands in a comment"),
    "another text": ("a.toml", "a = {{ t | upper | quoted }}\n", ".a should be"),
    "no known syntax": ("Makefile", "# {{ t | cell }}\n", "nobody knows"),
}


def compare(path: str, source: str, rules: Any = None) -> None:
    """Compare what a source gives with a word and with the text that it stands for."""
    template = JINJA.from_string(source)
    echo = Echo({"Qz0Z": TEXT}, rules or extension())
    echo.compare(path, template.render(t="Qz0Z"), template.render(t=TEXT))


@pytest.mark.parametrize(("path", "source"), RIGHT.values(), ids=RIGHT)
def test_a_text_is_written_as_its_place_demands(path: str, source: str) -> None:
    compare(path, source)


@pytest.mark.parametrize(("path", "source", "told"), WRONG.values(), ids=WRONG)
def test_a_text_is_not_written_in_any_other_way(path: str, source: str, told: str) -> None:
    with pytest.raises(ValueError) as wrong:  # noqa: PT011  (the message is what is tested)
        compare(path, source)

    assert told in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("a\n```", "on with h2, goes on with code", id="code"),
        pytest.param("<!-- a", "on with h2, goes on with html_block", id="html"),
        pytest.param("a\n-", "on with tr, goes on with h2", id="underlined"),
        pytest.param("# a", "on with h2, goes on with h1", id="heading"),
    ],
)
def test_the_document_around_a_text_stays_as_it_is(text: str, told: str) -> None:
    """Also if the rule for such texts were wrong itself."""
    document = "{}\n\n## Next\n\n| a |\n| --- |\n| b |\n"

    def outlined(rules: Any) -> None:
        echo = Echo({"Qz0Z": text}, rules)
        echo.compare("a.md", document.format("Qz0Z"), document.format(rules.prose(text)))

    outlined(extension())
    with pytest.raises(ValueError, match=f"its outline should go {told}"):
        outlined(SimpleNamespace(prose=str))


def test_what_is_exchanged_follows_from_the_schema() -> None:
    schema = extension().schema()
    more = {
        "storage": {"enum": ["local", "s3"]},
        "bucket": {"$ref": "#/$defs/identifier"},
        "motto": {"$ref": "#/$defs/text", "maxLength": 10},
    }
    answers = answers_of("odd_names") | {"storage": "s3", "bucket": "abc", "motto": "Go!"}

    words, texts = exchanged(answers, {**schema, "properties": {**schema["properties"], **more}})

    assert words["storage"], words["bucket"] == ("s3", "abc")
    assert texts[words["motto"]] == "Go!"
    assert texts[words["author_email"]] == answers["author_email"]
    assert extension().problems({key: words[key] for key in answers_of("odd_names")}) == []
    same = {"context", "domain", "function", "license", "level", "modules"}
    assert {key: words[key] for key in same} == {key: answers[key] for key in same}
    default = words["entities"][3]["fields"][5]["default"]
    assert texts[default] == 'a "quoted" \\ default Ж'
