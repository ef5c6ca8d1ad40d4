"""Answers of any kind: the valid ones become code that parses, the others are only refused."""

import ast
import tomllib
from functools import cache
from typing import Any

import jinja2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.extensions.strategies import JSON, LINES, entities
from tests.support import LEVEL_1, brief, extension

TASK = brief()
LONG = 100


@cache
def environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(LEVEL_1),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[extension().Answers],
        autoescape=False,  # noqa: S701  (the output is source code)
    )


@cache
def templates_of_entities() -> list[str]:
    return [name for name in environment().list_templates() if "{% yield" in name]


def sources(answers: dict[str, Any]) -> dict[str, str]:
    """Every Python file that depends on the entities, rendered without Copier."""
    model = extension().data_model(answers["entities"])
    context = {"model": model, "api": "some_api", "data_api": "some_data_postgres_api", **answers}
    rendered = {}
    for name in templates_of_entities():
        template = environment().get_template(name)
        chosen = model["ruled"] if "model.ruled" in name else model["entities"]
        for entity in chosen:
            rendered[f"{name} of {entity['name']}"] = template.render(context, e=entity)
    return rendered


@settings(max_examples=60, deadline=None)
@given(entities=entities())
def test_accepted_entities_become_python(entities: list[dict[str, Any]]) -> None:
    answers = TASK | {"entities": entities}
    assume(extension().problems(answers) == [])

    for name, source in sources(answers).items():
        ast.parse(source, name)
        assert source.endswith("\n")
        assert not source.endswith("\n\n")
        wide = [line for line in source.split("\n") if len(line) > LONG and '"""' not in line]
        assert [line for line in wide if not line.startswith("from ")] == [], name


@settings(max_examples=100, deadline=None)
@given(name=LINES, author=LINES)
def test_accepted_text_comes_out_as_it_is(name: str, author: str) -> None:
    answers = TASK | {"project_name": name, "author_name": author}
    assert extension().problems(answers) == []

    text = (
        environment()
        .get_template("pyproject.toml.jinja")
        .render(
            answers
            | {"project": "p", "api": "p_api", "data_api": "p_data_postgres_api"}
            | {"chosen": [], "level_2": ""}
        )
    )

    project = tomllib.loads(text)["project"]
    assert project["description"] == name
    assert project["authors"][0]["name"] == author


@settings(max_examples=150, deadline=None)
@given(key=st.sampled_from(sorted(extension().schema()["properties"])), value=JSON)
def test_any_value_is_accepted_or_explained(key: str, value: Any) -> None:
    for problem in extension().problems(TASK | {key: value}):
        assert "\n" not in str(problem)
        assert problem.path


@settings(max_examples=100, deadline=None)
@given(entities=st.lists(JSON, max_size=3) | entities())
def test_any_entities_are_accepted_or_explained(entities: list[Any]) -> None:
    for problem in extension().problems(TASK | {"entities": entities}):
        assert "\n" not in str(problem)
        assert problem.path
