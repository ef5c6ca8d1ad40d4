"""Marketing goes to those who want it, and everything when they want it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from jinja2 import DictLoader

from chassis.problems import Invalid, NotFound
from chassis_communications import consent
from chassis_communications.consent import decisions
from chassis_communications.consent.decisions import AllowedCountry, AsWanted
from chassis_communications.consent.settings import Settings
from chassis_communications.consent.way_out import FOOTER, WayOut
from chassis_communications.declared import Declared, Template
from chassis_communications.links import UNSUBSCRIBES, check, link, token_of
from chassis_communications.preferences import NewPreference
from chassis_communications.sending.decisions import PutOff, Withheld
from chassis_communications.sending.hooks import Hooks
from chassis_communications.templates import Rendered, Templates, project_templates
from chassis_communications.testing.kept import Kept
from chassis_communications.testing.wanted import Wanted

type Queue = Callable[..., Any]

KEY = "a key of the tests, which is long enough"
MARKETING, SERVICE = Template(category="marketing"), Template()
SECURITY = Template(category="security")
PARTS = {
    "email.txt": "Out: {{ unsubscribe_url }}",
    "email.html": '<a href="{{ unsubscribe_url }}">Out</a>',
    "sms.txt": "Out: {{ unsubscribe_url }}",
}
OUT = Templates(Declared(), DictLoader({f"{FOOTER}/{part}": text for part, text in PARTS.items()}))


@pytest.fixture
def wanted() -> Wanted:
    return Wanted()


@pytest.fixture
def worker(kept: Kept, wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(decisions, "KeptPreferences", lambda _http, _url: wanted)
    monkeypatch.setattr(decisions, "kept_messages", lambda _worker: kept)
    settings = SimpleNamespace(
        data_api_url="", public_url="https://api.example.com", messages_time_zone="UTC"
    )
    return SimpleNamespace(state=SimpleNamespace(http=None, settings=settings))


@pytest.fixture
def decide(worker: Any) -> AsWanted:
    return AsWanted(worker, Settings.model_validate({"messages_key": KEY}))


def ann(**wants: Any) -> NewPreference:
    return NewPreference(channel="email", recipient="ann@example.com", **wants)


@pytest.mark.parametrize("said", [None, "asked", "withdrawn", "given"])
async def test_marketing_takes_consent(
    decide: AsWanted, wanted: Wanted, queue: Queue, said: Any
) -> None:
    message = await queue()
    await wanted.put(ann(consent=said))

    await decide(message, SERVICE)
    if said == "given":
        await decide(message, MARKETING)
    else:
        with pytest.raises(Withheld, match="not agreed"):
            await decide(message, MARKETING)


async def test_of_whom_nothing_is_known_there_is_no_consent(decide: AsWanted, queue: Queue) -> None:
    message = await queue()

    await decide(message, SERVICE)
    with pytest.raises(Withheld, match="not agreed"):
        await decide(message, MARKETING)


async def test_without_a_way_out_there_is_no_marketing(worker: Any, queue: Queue) -> None:
    with pytest.raises(Withheld, match="MESSAGES_KEY"):
        await AsWanted(worker, Settings())(await queue(), MARKETING)


async def test_own_quiet_hours_and_number_count(
    decide: AsWanted, wanted: Wanted, kept: Kept, queue: Queue
) -> None:
    message = await queue()
    await wanted.put(ann(a_day=1, time_zone="Etc/GMT-14"))
    await decide(message, SERVICE)
    kept.messages[message.id] = message.model_copy(update={"attempts": 1})

    with pytest.raises(Withheld, match="more messages"):
        await decide(message, SERVICE)
    await wanted.put(ann(quiet_hours="00:00-23:59"))
    with pytest.raises(PutOff):
        await decide(message, SERVICE)
    await decide(message, SECURITY)


@pytest.mark.parametrize(
    ("countries", "channel", "goes"),
    [
        ((), "sms", True),
        (("+44",), "sms", True),
        (("+49",), "sms", False),
        (("+49",), "email", True),
    ],
)
async def test_sms_go_to_the_countries_that_are_named(
    queue: Queue, countries: tuple[str, ...], channel: str, *, goes: bool
) -> None:
    message = await queue(channel=channel, recipient="+447700900123")
    decide = AllowedCountry(Settings(sms_countries=countries))

    if goes:
        await decide(message, SERVICE)
    else:
        with pytest.raises(Withheld, match="country"):
            await decide(message, SERVICE)


async def test_marketing_has_a_way_out_in_one_click(queue: Queue) -> None:
    message = await queue()

    headers = WayOut("https://api.example.com/", KEY, OUT).headers(message, MARKETING)

    url = link("https://api.example.com", KEY, UNSUBSCRIBES, message.id)
    assert headers == {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert WayOut("", KEY, OUT).headers(message, SERVICE) == {}


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>News</p>", '<p>News</p><a href="{url}">Out</a>\n'),
        ("<body>News</body></html>", '<body>News<a href="{url}">Out</a>\n</body></html>'),
    ],
)
async def test_marketing_shows_its_way_out(queue: Queue, html: str, shown: str) -> None:
    message, content = await queue(), Rendered(text="News\n", subject="News", html=html)
    url = link("https://api.example.com", KEY, UNSUBSCRIBES, message.id)

    out = WayOut("https://api.example.com", KEY, OUT)

    ended = out.shown(message, MARKETING, content)
    assert ended.text == f"News\n\nOut: {url}\n"
    assert ended.html == shown.format(url=url)
    assert out.shown(message, SERVICE, content) == content
    sms = message.model_copy(update={"channel": "sms"})
    assert out.shown(sms, MARKETING, Rendered(text="News\n")).text == f"News\nOut: {url}\n"
    without = WayOut("https://api.example.com", KEY, Templates(Declared(), DictLoader({})))
    with pytest.raises(Invalid, match=FOOTER):  # nothing is sent then
        without.shown(message, MARKETING, content)


def test_the_texts_of_the_project_have_the_link() -> None:
    for part in PARTS:
        text = project_templates().part(FOOTER, part, {"unsubscribe_url": "https://x.example/1"})
        assert "https://x.example/1" in text


def test_a_link_is_of_one_thing_alone() -> None:
    one, other = UUID(int=1), UUID(int=2)
    token = token_of(KEY, UNSUBSCRIBES, one)

    check(KEY, UNSUBSCRIBES, one, token)
    for key, path, what, given in (
        (KEY, UNSUBSCRIBES, other, token),
        (KEY, "/api/v1/confirmations", one, token),
        ("another key", UNSUBSCRIBES, one, token),
        (KEY, UNSUBSCRIBES, one, "\u00e9"),
        ("", UNSUBSCRIBES, one, token_of("", UNSUBSCRIBES, one)),
    ):
        with pytest.raises(NotFound):
            check(key, path, what, given)


def test_it_is_installed_beside_the_sending(worker: Any, templates: Templates) -> None:
    worker.state.messages, worker.state.templates = Hooks(), templates

    consent.install(worker, Settings())

    hooks = worker.state.messages
    assert (len(hooks.decisions), len(hooks.headers), len(hooks.contents)) == (2, 1, 1)
    assert templates.of("confirm_consent").category == "security"
