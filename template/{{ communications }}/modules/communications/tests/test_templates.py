"""Templates, and what the project declares of its messages."""

import hashlib
from pathlib import Path

import pytest
from jinja2 import DictLoader
from pydantic import ValidationError

from chassis.problems import Invalid, Unavailable
from chassis_communications import preview
from chassis_communications.addresses import deliverable, hashed, normal
from chassis_communications.data.settings import Settings
from chassis_communications.declared import Declared, DeclaredError, declared, read
from chassis_communications.messages import MessageRequest
from chassis_communications.templates import Templates


def test_what_is_filled_in_is_escaped_in_html_only(templates: Templates) -> None:
    rendered = templates.render("hello", "email", {"person": "<b>Ann</b> & Co\r\nBcc: all"})

    assert rendered.subject == "Hello <b>Ann</b> & Co Bcc: all"
    assert "Dear <b>Ann</b>" in rendered.text
    assert "<p>Dear &lt;b&gt;Ann&lt;/b&gt; &amp; Co" in rendered.html


def test_a_variable_that_misses_is_an_error(templates: Templates) -> None:
    with pytest.raises(Invalid, match="'person' is undefined") as raised:
        templates.render("hello", "sms", {})

    assert raised.value.errors[0].field == "data"


@pytest.mark.parametrize(("name", "channel"), [("none", "sms"), ("bare", "email")])
def test_what_is_not_there_is_told(templates: Templates, name: str, channel: str) -> None:
    with pytest.raises(Invalid):
        templates.render(name, channel, {})


def test_a_variable_that_does_not_fit_is_an_error() -> None:
    declared = Declared.model_validate({"templates": {"a": {}}})
    templates = Templates(declared, DictLoader({"a/sms.txt": "{{ '%.2f' | format(amount) }}"}))

    with pytest.raises(Invalid, match="TypeError"):
        templates.render("a", "sms", {"amount": "1.00"})


def test_what_is_passed_to_a_template_cannot_reach_out() -> None:
    reaching = Templates(
        Declared.model_validate({"templates": {"x": {}}}),
        DictLoader({"x/sms.txt": "{{ person.__class__.__mro__ }}"}),
    )

    with pytest.raises(Invalid, match="unsafe"):
        reaching.render("x", "sms", {"person": "Ann"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[templates", "Expected"),
        ("[templates.x]\ncolour = 1", r"templates\.x\.colour"),
        (
            '[[rules]]\nevent = "a.created.v1"\ntemplate = "x"\nchannel = "sms"\nrecipient = "a"',
            "template x, which is not declared",
        ),
        ('[[rules]]\nevent = "created"', r"rules\.0\.event"),
        (
            "[templates.x]\n"
            + '[[rules]]\nevent = "a.b.v1"\ntemplate = "x"\nchannel = "sms"\nrecipient = "a"\n' * 2,
            "two rules",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_line(text: str, told: str) -> None:
    with pytest.raises(DeclaredError, match=told):
        read(text)


def test_every_template_of_the_project_can_be_previewed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert preview.main(tmp_path / "messages") == 0

    names = {path.name.partition(".")[0] for path in (tmp_path / "messages").iterdir()}
    assert names == {"index", *declared().templates}
    assert "index.html" in capsys.readouterr().out


def test_a_sample_that_misses_a_variable_is_told(
    tmp_path: Path,
    templates: Templates,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(preview, "project_templates", lambda: templates)
    monkeypatch.setattr(preview, "declared", lambda: read("[templates.again]"))

    assert preview.main(tmp_path) == 1
    assert "'person' is undefined (its sample)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("channel", "address", "expected"),
    [
        ("email", " Ann@Example.COM ", "ann@example.com"),
        ("sms", "+44 (7700) 900-123", "+447700900123"),
    ],
)
def test_an_address_is_written_in_one_way(channel: str, address: str, expected: str) -> None:
    assert normal(channel, address) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channel", "address"),
    [("email", "ann"), ("email", "a@b.c\r\nBcc: d@e.f"), ("sms", "07700900123"), ("sms", "+44a")],
)
def test_what_is_no_address_is_refused(channel: str, address: str) -> None:
    with pytest.raises(Invalid):
        normal(channel, address)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("ann@example.com", "ann@example.com"),
        ("ann@xn--bcher-kva.de", "ann@xn--bcher-kva.de"),
        ("ann@BÜCHER.de", "ann@xn--bcher-kva.de"),
        ("ann@straße.de", "ann@xn--strae-oqa.de"),
    ],
)
def test_mail_goes_to_the_domain_that_was_written(address: str, sent_to: str) -> None:
    assert deliverable(normal("email", address)) == sent_to


@pytest.mark.parametrize(
    "address",
    ["A <a@example.com>", "üser@example.com", "a@b", "a b@example.com", "", "a@@example.com"],
)
def test_what_is_not_one_address_that_can_be_written_to_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        normal("email", address)


@pytest.mark.parametrize("zone", ["Nope/Zone", "/etc", "UTC/", "Europe"])
def test_a_time_zone_is_one_that_there_is(zone: str) -> None:
    asked = {"template": "x", "channel": "email", "recipient": "a@example.com"}

    assert MessageRequest(**asked, time_zone="Europe/London").time_zone == "Europe/London"
    with pytest.raises(ValidationError):
        MessageRequest(**asked, time_zone=zone)


def test_only_who_has_the_key_can_make_a_digest() -> None:
    number, key = "+447700900123", "k" * 32

    known = {
        hashed(key, "sms", number),
        hashed("o" * 32, "sms", number),
        hashed(key, "email", number),
    }

    assert len(known) == 3  # with another key, and on another channel, it is another one
    assert hashlib.sha256(f"sms:{number}".encode()).hexdigest() not in known
    with pytest.raises(Unavailable, match="ADDRESSES_KEY"):
        hashed("", "sms", number)


def test_a_key_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValidationError, match="32 characters"):
        Settings.model_validate({"addresses_key": "secret"})
