"""Logs as JSON."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from fastapi import APIRouter
from httpx2 import ASGITransport, AsyncClient

from chassis import logs, request_id
from chassis.access_log import LOGGER
from chassis.app import build_app
from chassis.environment import Service
from chassis.features import FeatureSettings
from chassis.json_logs import configure
from chassis.json_logs.format import Style
from chassis.problems.telling import WITHHELD

SERVICE = Service("garden", "1.2.3", "test")


@pytest.fixture(autouse=True)
def structlog_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def start(style: Style = "json") -> None:
    logs.configure("INFO")
    configure(SERVICE, style)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_is_an_object_on_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    start()

    logging.getLogger("orders").warning("order %d\nplaced", 7, extra={"customer": 12})

    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "warning",
        "service": "garden",
        "logger": "orders",
        "message": "order 7\nplaced",
        "environment": "test",
        "version": "1.2.3",
        "customer": 12,
    }


def test_structlog_comes_out_alike(capsys: pytest.CaptureFixture[str]) -> None:
    start()
    logger = structlog.stdlib.get_logger("orders")

    logger.debug("too much")
    logger.info("placed", order=7)

    (line,) = lines(capsys)
    assert (line["logger"], line["message"], line["order"]) == ("orders", "placed", 7)
    assert (line["service"], line["level"]) == ("garden", "info")


def test_the_request_id_is_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    start()

    with request_id.bound("abc"):
        logging.getLogger("orders").info("inside")
    logging.getLogger("orders").info("outside")

    inside, outside = lines(capsys)
    assert inside["request_id"] == "abc"
    assert "request_id" not in outside


def test_an_error_is_told_with_its_frames_and_without_what_was_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start()
    password = "hunter2-hunter2"  # noqa: S105  # what must not come out
    try:
        try:
            int(password)
        except ValueError as error:
            raise RuntimeError("not a number") from error
    except RuntimeError:
        logging.getLogger("orders").exception("failed")

    text = capsys.readouterr().err
    told, cause = json.loads(text)["exception"]
    assert (told["exc_type"], told["exc_value"]) == ("RuntimeError", "not a number")
    assert (cause["exc_type"], cause["exc_value"]) == ("ValueError", WITHHELD)
    assert told["frames"][0]["name"].startswith("test_an_error_is_told")
    assert password not in text


def test_a_line_of_the_access_log_has_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    start()
    logging.getLogger(LOGGER).info("%s %s %d %d ms", "GET", "/tasks/{task_id}", 200, 7)

    (line,) = lines(capsys)
    assert line["message"] == "GET /tasks/{task_id} 200 7 ms"
    told = (line["method"], line["route"], line["status"], line["milliseconds"])
    assert told == ("GET", "/tasks/{task_id}", 200, 7)
    assert "positional_args" not in line


def test_colours_of_the_server_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    start()
    logging.getLogger("uvicorn.error").info("up", extra={"color_message": "colours"})

    (line,) = lines(capsys)
    assert "color_message" not in line


def test_people_get_lines_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    start("console")

    with request_id.bound("abc"):
        logging.getLogger(LOGGER).info("%s %s %d %d ms", "GET", "/tasks/{task_id}", 200, 7)

    line = capsys.readouterr().err.rstrip()
    _time, _, told = line.partition(" ")
    assert told == f"[info     ] GET /tasks/{{task_id}} 200 7 ms [{LOGGER}] request_id=abc"


def test_people_get_tracebacks_without_what_was_sent(capsys: pytest.CaptureFixture[str]) -> None:
    start("console")
    sent = "hunter2-hunter2"
    try:
        int(sent)
    except ValueError:
        logging.getLogger("orders").exception("failed", extra={"order": 7})

    text = capsys.readouterr().err
    first, *rest = text.splitlines()
    assert first.endswith("failed [orders] order=7")
    assert any(line.startswith("Traceback") for line in rest)
    assert sent not in text


def test_what_is_no_json_is_told_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    start()

    logging.getLogger("orders").info("odd", extra={"thing": {1}, "owner": "Zoë"})

    (line,) = lines(capsys)
    assert (line["thing"], line["owner"]) == ("{1}", "Zoë")


def test_handlers_of_others_are_left_alone() -> None:
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)

    start()

    assert other.formatter is None


async def test_an_error_of_an_application_has_its_request_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    router = APIRouter()

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError

    app = build_app("Garden", [router], FeatureSettings())
    async with AsyncClient(transport=ASGITransport(app), base_url="http://garden") as client:
        await client.get("/broken", headers={"X-Request-ID": "abc"})

    (line,) = [line for line in lines(capsys) if line["level"] == "error"]
    assert (line["service"], line["request_id"]) == ("garden", "abc")
    assert line["exception"][0]["exc_type"] == "RuntimeError"
