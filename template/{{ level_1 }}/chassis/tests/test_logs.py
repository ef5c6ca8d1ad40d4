"""Logs of the process."""

import logging

import pytest
from stamina.instrumentation import RetryDetails

from chassis import logs


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
    access = logging.getLogger("uvicorn.access")
    access.handlers[:] = [logging.StreamHandler()]
    access.propagate = False

    logs.configure("INFO")
    access.info('127.0.0.1 - "GET / HTTP/1.1" 200')

    (line,) = capsys.readouterr().err.splitlines()
    assert 'uvicorn.access: 127.0.0.1 - "GET / HTTP/1.1" 200' in line


def test_a_silenced_access_log_stays_silent(capsys: pytest.CaptureFixture[str]) -> None:
    access = logging.getLogger("uvicorn.access")
    access.handlers[:] = []
    access.propagate = False

    logs.configure("INFO")
    access.info("GET /")

    assert not access.hasHandlers()
    assert "GET /" not in capsys.readouterr().err


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

    assert caplog.messages == ["Trying again in 0.5 s: no route"]
