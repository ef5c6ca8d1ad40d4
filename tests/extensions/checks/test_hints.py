"""A wrong value is answered with what was probably meant."""

import datetime as dt
from typing import Any

import pytest

from tests.support import brief, extension

TASK = brief()


def field(**more: Any) -> dict[str, Any]:
    field = {"name": "title", "type": "string", **more}
    return {"entities": [{"name": "thing", "fields": [field]}]}


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        (field(type="str"), "did you mean 'string'?"),
        (field(type="Integer"), "did you mean 'integer'?"),
        (field(type="bool"), "did you mean 'boolean'?"),
        (field(type="refrence"), "did you mean 'reference'?"),
        (field(type="reference", references="thign"), "did you mean 'thing'?"),
        pytest.param(
            {"modules": ["worker"]},
            "did you mean 'workers'?",
            marks=pytest.mark.about("workers"),
        ),
        pytest.param(
            {"modules": ["mongo"]},
            "did you mean 'mongodb'?",
            marks=pytest.mark.about("mongodb"),
        ),
        ({"license": "mit"}, "did you mean 'MIT'?"),
        (field(type="enum", values=[False, "SE"]), "YAML reads NO, no, off and false as false"),
        (field(type="enum", values=["DE", True]), "YAML reads YES, yes, on and true as true"),
        (field(type="enum", values=[10]), "put it in quotes: '10'"),
        ({"project_name": dt.date(2026, 1, 2)}, "put it in quotes, '2026-01-02'"),
        ({"project_name": None}, "YAML reads an empty value, ~ and null as nothing"),
        ({"level": "1"}, "write it without quotes"),
        ({"modules": "redis"}, "`- redis`, or in brackets, `[redis]`"),
        ({"target_users": "All: of [them]"}, "`- ...`"),
    ],
)
def test_hint(changes: dict[str, Any], hint: str) -> None:
    lines = [str(problem) for problem in extension().problems(TASK | changes)]

    assert len([line for line in lines if hint in line]) == 1, lines


def test_nothing_close_gets_no_hint() -> None:
    [problem] = extension().problems(TASK | field(type="zebra"))

    assert "did you mean" not in str(problem)
