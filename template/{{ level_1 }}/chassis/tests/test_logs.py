"""Logs of the process."""

import logging
from collections.abc import Callable

import pytest
from pydantic import BaseModel
from stamina.instrumentation import RetryDetails

from chassis import logs
from chassis.problems.telling import WITHHELD, with_causes

MARKER = "ada+marker@example.com"


def test_a_record_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")

    logging.getLogger("orders").info("order %d placed", 7)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("INFO     orders: order 7 placed")


def test_configuring_twice_does_not_write_twice(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logs.configure("INFO")

    logging.getLogger("orders").warning("once")

    assert capsys.readouterr().err.count("once") == 1


def test_less_severe_records_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING")

    logging.getLogger("orders").info("chatter")

    assert "chatter" not in capsys.readouterr().err


def test_records_of_the_server_are_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    server = logging.getLogger("uvicorn")
    server.handlers[:] = [logging.StreamHandler()]
    server.propagate = False

    logs.configure("INFO")
    logging.getLogger("uvicorn.error").info("started")

    assert capsys.readouterr().err.count("started") == 1


def test_the_servers_own_access_log_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("uvicorn.access").info("GET /?email=ada@example.com")

    assert not logging.getLogger("uvicorn.access").hasHandlers()
    assert "ada" not in capsys.readouterr().err


def test_the_server_does_not_tell_addresses_of_websockets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("INFO")
    logs.configure("INFO")
    server = logging.getLogger("uvicorn.error")
    for outcome in ("%d", "[accepted]"):
        server.info(f'%s - "WebSocket %s" {outcome}', "10.0.0.1:5", "/?token=ada", 403)

    assert "ada" not in capsys.readouterr().err
    assert server.filters.count(logs._tells_no_address) == 1


def test_clients_do_not_tell_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    logging.getLogger("httpx2").info("GET /?email=ada@example.com")

    assert "ada" not in capsys.readouterr().err


def test_handlers_of_others_stay() -> None:
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)

    logs.configure("INFO")

    assert other in logging.getLogger().handlers


def test_a_retry_says_why(caplog: pytest.LogCaptureFixture) -> None:
    logs._log_retry(
        RetryDetails(
            name="fetch",
            args=(),
            kwargs={},
            retry_num=1,
            wait_for=0.5,
            waited_so_far=0,
            caused_by=OSError("no route"),
        )
    )

    assert caplog.messages == ["Trying again in 0.5 s: OSError: no route"]


class Refused(Exception):  # noqa: N818
    sqlstate = "23505"


class Age(BaseModel):
    age: int


def validate() -> None:
    Age.model_validate({"age": MARKER})


def refuse() -> None:
    raise Refused(MARKER)


def look_up() -> None:
    dict[str, str]()[MARKER]


def decode() -> None:
    (MARKER.encode() + b"\xff").decode()


def several() -> None:
    raise ExceptionGroup(MARKER, [ValueError(MARKER), OSError("no route")])


@pytest.mark.parametrize(
    ("fail", "told"),
    [
        (validate, "ValidationError: 1 of Age: int_parsing"),
        (refuse, "Refused: SQLSTATE 23505"),
        (look_up, f"KeyError: {WITHHELD}"),
        (decode, f"UnicodeDecodeError: {WITHHELD}"),
        (several, "OSError: no route"),
    ],
)
def test_an_error_is_told_without_what_was_sent(
    capsys: pytest.CaptureFixture[str], fail: Callable[[], None], told: str
) -> None:
    logs.configure("INFO")
    try:
        try:
            fail()
        except Exception as error:
            raise RuntimeError("not done") from error
    except RuntimeError:
        logging.getLogger("orders").exception("failed")

    written = capsys.readouterr().err
    assert told in written
    assert "RuntimeError: not done" in written
    assert f"in {fail.__name__}" in written
    assert MARKER not in written


def test_errors_that_led_to_each_other_end() -> None:
    first, second = OSError("first"), OSError("second")
    first.__cause__, second.__cause__ = second, first

    assert [str(error) for error in with_causes(first)] == ["second", "first"]
