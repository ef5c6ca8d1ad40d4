"""The documentation of a service."""

import dataclasses
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, EmailStr, Field

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.openapi.examples import Examples
from chassis.openapi.project import read_project
from chassis.schemas import Schema, Url


class Pot(Schema):
    size: Annotated[int, Field(ge=3, le=4)]


class Plant(Schema):
    name: Annotated[str, Field(min_length=1, max_length=5)]
    kind: Literal["tree", "herb"]
    height: Annotated[Decimal, Field(max_digits=5, decimal_places=2, ge=0)]
    planted: AwareDatetime | None = None
    seen: bool = True
    owner: EmailStr
    bed: UUID
    page: Url
    pots: Annotated[list[Pot], Field(min_length=2)]
    notes: dict[str, Any]
    mother: "Plant | None" = None


class Seed(Schema):
    name: Annotated[str, Field(examples=["Basil"])]


class Leaf(BaseModel):
    colour: str

    model_config = {"json_schema_extra": {"examples": [{"colour": "green"}]}}


router = APIRouter(prefix="/plants", tags=["plants"])


@router.post("")
async def plant(_plant: Plant) -> None:
    pass


@router.put("")
async def sow(_seed: Seed) -> None:
    pass


@router.patch("", tags=["leaves"])
async def shed(_leaf: Leaf) -> None:
    pass


@pytest.fixture
def document() -> dict[str, Any]:
    app = build_app("Garden", [router], FeatureSettings())
    assert app.openapi() is app.openapi()
    return app.openapi()


def test_it_says_what_the_project_is(document: dict[str, Any]) -> None:
    project = read_project()

    assert document["info"]["title"] == "Garden"
    assert document["info"]["description"] == project.description
    assert document["info"]["contact"] == project.contact
    assert document["info"]["license"] == project.license


def test_it_says_what_a_service_is() -> None:
    for name, about in read_project().services.items():
        app = build_app("Garden", [], FeatureSettings(service_name=name))

        assert app.description.startswith(f"{about}\n\n")


def test_tags_in_use_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {"plants": "Green things.", "pets": "Not here."}
    project = dataclasses.replace(read_project(), tags=tags)
    monkeypatch.setattr("chassis.openapi.read_project", lambda: project)
    app = build_app("Garden", [router], FeatureSettings())

    assert app.openapi()["tags"] == [{"name": "plants", "description": "Green things."}]


def test_each_body_has_an_example_that_is_valid(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    (example,) = schemas["Plant"]["examples"]
    assert Plant.model_validate(example).name == "Sampl"
    assert example["pots"] == [{"size": 3}, {"size": 3}]
    assert schemas["Seed"]["examples"] == [{"name": "Basil"}]
    assert schemas["Leaf"]["examples"] == [{"colour": "green"}]
    assert "examples" not in schemas["Pot"]


def test_other_serials_make_other_values() -> None:
    schema = Plant.model_json_schema()
    made = [Examples(schema["$defs"], serial).of(schema) for serial in range(4)]

    for value in made:
        Plant.model_validate(value)
    for name in ("name", "height", "planted", "owner", "bed", "page"):
        assert len({value[name] for value in made}) == 4, name


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"type": "integer", "maximum": -5}, [-5, -5]),
        ({"type": "integer", "minimum": 7, "maximum": 8}, [7, 8]),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3}, [2, 2]),
        ({"type": "integer", "minimum": 3, "exclusiveMinimum": 1, "multipleOf": 5}, [10, 15]),
        ({"type": "integer", "maximum": 9, "exclusiveMaximum": 9, "multipleOf": 4}, [4, 4]),
        ({"type": "number", "minimum": 0.25, "maximum": 0.5}, [0.25, 0.25]),
        ({"type": "number", "multipleOf": 0.5}, [0.5, 1.0]),
        ({"type": "string", "maxLength": 0}, ["", ""]),
        ({"type": "string", "minLength": 14}, ["Sample valuexx", "Sample value1x"]),
        ({"type": "string", "minLength": 1, "maxLength": 1}, ["S", "1"]),
        ({"type": "string", "format": "duration"}, ["PT1M", "PT2M"]),
        ({"type": "string", "format": "time"}, ["12:00:00", "12:01:00"]),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 0}, [[], []]),
        ({"type": "object", "additionalProperties": False}, [{}, {}]),
        ({"allOf": [{"const": "fixed"}]}, ["fixed", "fixed"]),
        ({"enum": ["a", "b"]}, ["a", "b"]),
        ({"oneOf": [{"type": "null"}]}, [None, None]),
    ],
    ids=str,
)
def test_values_are_what_the_schema_allows(schema: dict[str, Any], values: list[Any]) -> None:
    assert [Examples({}, serial).of(schema) for serial in (0, 1)] == values


def test_what_refers_to_itself_ends() -> None:
    tree = {"properties": {"trees": {"type": "array", "items": {"$ref": "#/components/Tree"}}}}

    assert Examples({"Tree": tree}).of(tree)["trees"]
