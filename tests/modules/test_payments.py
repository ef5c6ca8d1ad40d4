"""What the adapter sends to PayPal fits what PayPal has published.

The descriptions are no part of this repository: FERRATA_API_DESCRIPTIONS says where they are.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from tests.support import ROOT, run

pytestmark = pytest.mark.about("payments")

VARIABLE = "FERRATA_API_DESCRIPTIONS"

Document = dict[str, Any]


@pytest.fixture(scope="module")
def described() -> list[Document]:
    """PayPal's descriptions of its API."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} is not set: it names the folder with PayPal's descriptions")
    files = sorted(Path(folder).glob("paypal_*.json"))
    if not files:
        pytest.skip(f"{VARIABLE}: there is no paypal_*.json in {folder}")
    return [json.loads(file.read_text("utf-8")) for file in files]


@pytest.fixture(scope="module")
def sent(described: list[Document], installed: Callable[[str], Path]) -> list[Document]:
    """What the adapter of a generated project sends for each thing that it is asked for."""
    script = ROOT / "tests" / "modules" / "paypal_requests.py"
    done = run(installed("task_manager@1+payments"), ".venv/bin/python", str(script))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def faults(described: list[Document], request: Document) -> list[str]:
    """Say what of a request does not fit its description."""
    operations = list(_operations(described, request))
    if not operations:
        return [f"{request['method']} {request['path']} is described nowhere"]
    ((document, parameters, operation),) = operations
    found = []
    for parameter in (*parameters, *operation.get("parameters", [])):
        one = _resolved(document, parameter)
        given = request["query" if one["in"] == "query" else "headers"]
        name = one["name"] if one["in"] == "query" else one["name"].lower()
        if one["in"] in {"query", "header"} and name in given:
            found += _told(document, one["schema"], _typed(document, one["schema"], given[name]))
        elif one["in"] == "query" and one.get("required"):
            found.append(f"{name} is missing")
    if body := operation.get("requestBody"):
        content = _resolved(document, body)["content"]["application/json"]
        found += _told(document, content["schema"], request["body"])
    known = {_resolved(document, one)["name"] for one in operation.get("parameters", [])}
    return [*found, *(f"{name} is no parameter" for name in request["query"].keys() - known)]


def _operations(
    described: list[Document], request: Document
) -> Iterator[tuple[Document, list[Document], Document]]:
    for document in described:
        for template, item in document["paths"].items():
            pattern = re.sub(r"{\w+}", "[^/]+", template)
            operation = item.get(request["method"].lower())
            if operation and re.fullmatch(pattern, request["path"]):
                yield document, item.get("parameters", []), operation


def _resolved(document: Document, part: Document) -> Document:
    while "$ref" in part:
        place = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        part = place
    return part


def _typed(document: Document, schema: Document, text: str) -> object:
    kind = _resolved(document, schema).get("type")
    return int(text) if kind == "integer" and text.isdecimal() else text


def _told(document: Document, schema: Document, value: object) -> list[str]:
    whole = {"allOf": [schema], "components": document["components"]}
    errors = Draft4Validator(whole).iter_errors(value)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def test_every_request_fits_what_is_published(
    described: list[Document], sent: list[Document]
) -> None:
    paths = {re.sub(r"/[A-Z0-9]{16,}", "/{id}", one["path"]) for one in sent}

    assert {f"{one['method']} {one['path']}": faults(described, one) for one in sent} == {
        f"{one['method']} {one['path']}": [] for one in sent
    }
    assert paths == {
        "/v2/checkout/orders",
        "/v2/checkout/orders/{id}",
        "/v2/checkout/orders/{id}/capture",
        "/v2/payments/captures/{id}/refund",
        "/v1/reporting/transactions",
    }


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"purchase_units": []}, "purchase_units"),
        ({"intent": "TAKE"}, "intent"),
        ({"purchase_units": [{"amount": {"currency_code": "EURO", "value": "1"}}]}, "EURO"),
    ],
)
def test_what_does_not_fit_is_told(
    described: list[Document], sent: list[Document], wrong: Document, told: str
) -> None:
    order = {**sent[0], "body": {**sent[0]["body"], **wrong}}

    assert told in "\n".join(faults(described, order))


def test_what_is_described_nowhere_is_told(described: list[Document], sent: list[Document]) -> None:
    assert faults(described, {**sent[0], "path": "/v2/checkout/orderz"})
