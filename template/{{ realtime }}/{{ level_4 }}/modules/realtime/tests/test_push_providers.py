"""What passes notices on, against push services that check what the real ones check."""

import asyncio
import datetime as dt
import json
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from chassis_realtime import push_key
from chassis_realtime.devices import Kind, PushDeviceRead, hash_of
from chassis_realtime.push.providers import (
    Answer,
    Notice,
    Outcome,
    Provider,
    ProviderAway,
    WrongCredentialsError,
    providers_of,
    vapid,
)
from chassis_realtime.push.providers.apns import Apns
from chassis_realtime.push.providers.calling import LONGEST_WAIT_S, wait_of
from chassis_realtime.push.providers.fcm import Fcm
from chassis_realtime.push.providers.signing import Renewed
from chassis_realtime.push.providers.web_push import WebPush
from chassis_realtime.testing.push_services import PushServices
from chassis_realtime.testing.push_serving import serving_push
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker

KINDS: list[Kind] = ["apns", "fcm", "web_push"]
LIFE_S = 600
HOUR_S, DAY_S = 3600, 86_400

type Settings = Callable[..., WorkerSettings]
type Device = Callable[[Kind], PushDeviceRead]


@pytest.fixture(scope="module")
def listening() -> Iterator[PushServices]:
    with serving_push() as services:
        yield services


@pytest.fixture
def services(listening: PushServices) -> PushServices:
    """Push services that nobody has asked yet."""
    for kept in (listening.told, listening.gone, listening.busy, listening.away, listening.asked):
        kept.clear()
    return listening


@pytest.fixture
def settings(services: PushServices) -> Settings:
    """Make settings of a worker that pushes there."""

    def settings(**other: Any) -> WorkerSettings:
        return WorkerSettings(**{**services.settings(), **other})

    return settings


@pytest.fixture
def device(services: PushServices) -> Device:
    """Make a device."""

    def device(kind: Kind) -> PushDeviceRead:
        subscription = services.subscribed()
        addresses = {"apns": uuid4().hex * 2, "fcm": f"fcm:{uuid4().hex}"}
        address = addresses.get(kind, subscription.endpoint)
        keys = (subscription.p256dh, subscription.auth) if kind == "web_push" else (None, None)
        now = dt.datetime.now(dt.UTC)
        return PushDeviceRead(
            id=uuid4(),
            account="anna",
            audience="beds",
            kind=kind,
            address=address,
            address_hash=hash_of(address),
            p256dh=keys[0],
            auth=keys[1],
            roles=[],
            ends_at=now,
            created_at=now,
            updated_at=now,
            version=1,
        )

    return device


@pytest.fixture
def notice() -> Notice:
    """Give one that has waited for some minutes."""
    happened_at = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    return Notice(uuid4(), "bed.dug", uuid4(), happened_at)


async def sent(provider: Provider, device: PushDeviceRead, *notices: Notice) -> list[Answer]:
    """Send, and close the provider."""
    try:
        return [await provider.send(device, notice, LIFE_S) for notice in notices]
    finally:
        await provider.close()


def provider_of(kind: Kind, settings: WorkerSettings) -> Provider:
    alone = settings.model_copy(update={"push_providers": frozenset({kind})})
    return providers_of(settings, alone)[kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_device_is_told_what_happened_and_nothing_more(
    kind: Kind, services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    one = device(kind)

    assert await sent(provider_of(kind, settings()), one, notice) == [Answer(Outcome.DELIVERED)]

    (told,) = services.told
    assert (told.kind, told.address) == (kind, one.address)
    assert LIFE_S - 2 <= told.life <= LIFE_S, "so much is left, whenever it happened"
    assert told.said == {
        "id": str(notice.id),
        "type": "bed.dug",
        "collection": "beds",
        "record": str(notice.record),
    }


@pytest.mark.parametrize("kind", ["apns", "web_push"])
async def test_a_repetition_takes_the_place_of_what_waits_there(
    kind: Kind, services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    await sent(provider_of(kind, settings()), device(kind), notice, notice)

    one, other = services.told
    assert one.collapse == other.collapse != ""


@pytest.mark.parametrize("kind", KINDS)
async def test_a_device_that_is_no_more_is_told_from_one_that_waits(
    kind: Kind, services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    gone, busy = device(kind), device(kind)
    services.gone.add(gone.address)
    services.busy[busy.address] = 7
    provider = provider_of(kind, settings())

    answers = [await provider.send(one, notice, LIFE_S) for one in (gone, busy)]
    await provider.close()

    assert [answer.outcome for answer in answers] == [Outcome.GONE, Outcome.LATER]
    assert answers[1].after == 7
    assert not any(address in str(answers) for address in (gone.address, busy.address))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_provider_that_fails_is_away_and_its_fault_names_nobody(
    kind: Kind, services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    one = device(kind)
    services.away.add(kind)

    with pytest.raises(ProviderAway, match="status 503"):
        await sent(provider_of(kind, settings()), one, notice)

    def unreachable(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError(f"{request.url} is away")

    with pytest.raises(ProviderAway) as away:
        await sent(_over(kind, settings(), unreachable), one, notice)
    assert str(away.value) == "ConnectError"
    assert away.value.__cause__ is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_provider_that_says_nothing_is_not_waited_for(
    kind: Kind, settings: Settings, device: Device, notice: Notice
) -> None:
    async def silent(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("it took too long")

    with pytest.raises(ProviderAway, match="ReadTimeout"):
        await sent(_over(kind, settings(), silent), device(kind), notice)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_that_is_dead_is_not_used_again(
    kind: Kind, settings: Settings, device: Device, notice: Notice
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        place = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        other = {"push_apns_url": place, "push_fcm_url": place, "push_web_hosts": [place]}
        provider = provider_of(kind, settings(push_timeout=0.6, **other))
        one = device(kind).model_copy(update={"address": f"{place}/1"})

        # Not TimeoutError: after that the connection would be taken for a good one.
        with pytest.raises(ProviderAway, match="ReadTimeout"):
            await sent(provider, one, notice)


async def test_no_redirect_is_followed(settings: Settings, device: Device, notice: Notice) -> None:
    asked = list[str]()

    def elsewhere(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(307, headers={"location": "http://127.0.0.1/admin"})

    one = device("web_push")
    (answer,) = await sent(_over("web_push", settings(), elsewhere), one, notice)

    assert answer.outcome is Outcome.REFUSED
    assert asked == [one.address]


def _over(kind: Kind, settings: WorkerSettings, answer: Callable[..., Any]) -> Provider:
    transport = httpx2.MockTransport(answer)
    if kind == "web_push":
        return WebPush(settings, settings.push_web_hosts, transport)
    return Apns(settings, transport) if kind == "apns" else Fcm(settings, transport)


async def test_apns_is_asked_by_a_token_that_is_neither_old_nor_too_new(
    settings: Settings, device: Device, notice: Notice
) -> None:
    seen, now = set[str](), dt.datetime.now(dt.UTC).timestamp()

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.add(request.headers["authorization"])
        return httpx2.Response(200)

    provider, one = Apns(settings(), httpx2.MockTransport(answer), lambda: now), device("apns")
    for minutes in (0, 20, 19):
        now += minutes * 60
        await provider.send(one, notice, LIFE_S)
    assert len(seen) == 1
    now += 2 * 60
    await sent(provider, one, notice)

    assert len(seen) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"push_apns_team_id": "ANOTHER"},
        {"push_apns_key_id": "ANOTHER"},
    ],
)
async def test_credentials_of_apns_that_are_wrong_are_no_fault_of_the_device(
    other: dict[str, str], settings: Settings, device: Device, notice: Notice
) -> None:
    with pytest.raises(ProviderAway, match="InvalidProviderToken"):
        await sent(provider_of("apns", settings(**other)), device("apns"), notice)


async def test_a_token_of_apns_that_has_ended_is_made_anew(
    services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    now = dt.datetime.now(dt.UTC).timestamp() - 2 * HOUR_S
    provider = Apns(settings(), clock=lambda: now)
    one = device("apns")
    with pytest.raises(ProviderAway, match="ExpiredProviderToken"):
        await provider.send(one, notice, LIFE_S)
    now += 2 * HOUR_S

    assert await sent(provider, one, notice) == [Answer(Outcome.DELIVERED)]


async def test_a_token_of_apns_that_is_not_let_in_is_not_made_anew_at_once(
    settings: Settings, device: Device, notice: Notice
) -> None:
    seen, now = list[str](), dt.datetime.now(dt.UTC).timestamp()

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        return httpx2.Response(403, json={"reason": "InvalidProviderToken"})

    provider, one = Apns(settings(), httpx2.MockTransport(answer), lambda: now), device("apns")
    for minutes in (0, 10, 11, 1):
        now += minutes * 60
        with pytest.raises(ProviderAway):
            await provider.send(one, notice, LIFE_S)
    await provider.close()

    assert seen[0] == seen[1] == seen[2] != seen[3]


async def test_a_wrong_topic_is_no_fault_of_the_device(
    settings: Settings, device: Device, notice: Notice
) -> None:
    provider = provider_of("apns", settings(push_apns_topic="com.example.other"))

    (answer,) = await sent(provider, device("apns"), notice)

    assert answer == Answer(Outcome.REFUSED, reason="DeviceTokenNotForTopic")


async def test_what_is_too_large_for_apns_is_refused(settings: Settings, device: Device) -> None:
    large = Notice(uuid4(), "x" * 5000, uuid4(), dt.datetime.now(dt.UTC))

    (answer,) = await sent(provider_of("apns", settings()), device("apns"), large)

    assert answer == Answer(Outcome.REFUSED, reason="PayloadTooLarge")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ((400, "BadDeviceToken"), Outcome.REFUSED),
        ((400, "ExpiredToken"), Outcome.GONE),
        ((400, "BadTopic"), Outcome.REFUSED),
        ((429, "TooManyRequests"), Outcome.LATER),
    ],
)
async def test_what_else_apns_says(
    said: tuple[int, str], outcome: Outcome, settings: Settings, device: Device, notice: Notice
) -> None:
    status, reason = said
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, json={"reason": reason}))

    (answer,) = await sent(Apns(settings(), transport), device("apns"), notice)

    assert (answer.outcome, answer.reason) == (outcome, reason)


async def test_apns_that_has_enough_of_new_tokens_is_left_alone(
    settings: Settings, device: Device, notice: Notice
) -> None:
    told = {"reason": "TooManyProviderTokenUpdates"}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(429, json=told))

    with pytest.raises(ProviderAway, match="TooManyProviderTokenUpdates"):
        await sent(Apns(settings(), transport), device("apns"), notice)


async def test_google_is_asked_for_one_token_for_many_pushes(
    services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    services.tokens.clear()
    now = dt.datetime.now(dt.UTC).timestamp()
    provider = Fcm(settings(), clock=lambda: now)
    one = device("fcm")
    for _ in range(3):
        await provider.send(one, notice, LIFE_S)
    assert len(services.tokens) == 1

    for token in services.tokens:
        services.tokens[token] = 0
    with pytest.raises(ProviderAway, match="UNAUTHENTICATED"):
        await provider.send(one, notice, LIFE_S)
    assert await sent(provider, one, notice) == [Answer(Outcome.DELIVERED)]
    assert len(services.tokens) == 2


async def test_an_account_of_another_project_is_no_fault_of_the_device(
    settings: Settings, device: Device, notice: Notice
) -> None:
    told = {"error": {"details": [{"errorCode": "SENDER_ID_MISMATCH"}]}}

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            return httpx2.Response(200, json={"access_token": "t", "expires_in": HOUR_S})
        return httpx2.Response(403, json=told)

    (answered,) = await sent(_over("fcm", settings(), answer), device("fcm"), notice)

    assert answered == Answer(Outcome.REFUSED, reason="SENDER_ID_MISMATCH")


async def test_a_slow_google_is_waited_for_by_none_longer_than_a_push_may_take(
    settings: Settings, device: Device, notice: Notice
) -> None:
    async def slow(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(1)
        raise AssertionError

    provider, one = _over("fcm", settings(push_timeout=0.05), slow), device("fcm")
    async with asyncio.timeout(0.6):
        tries = [provider.send(one, notice, LIFE_S) for _ in range(20)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
    await provider.close()

    assert all(isinstance(one, ProviderAway) for one in answers)
    assert str(answers[-1]) == "no token: TimeoutError"


async def test_the_address_of_fcm_may_end_with_a_slash(
    services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    provider = provider_of("fcm", settings(push_fcm_url=f"{services.address}/"))

    assert await sent(provider, device("fcm"), notice) == [Answer(Outcome.DELIVERED)]


async def test_google_that_knows_no_such_account_gives_no_token(
    settings: Settings, services: PushServices, device: Device, notice: Notice
) -> None:
    account = json.loads(services.settings()["push_fcm_account"])
    account["token_uri"] = account["token_uri"].replace("127.0.0.1", "localhost")

    with pytest.raises(ProviderAway, match="no token: invalid_grant"):
        await sent(
            provider_of("fcm", settings(push_fcm_account=json.dumps(account))),
            device("fcm"),
            notice,
        )


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ((400, {"error": {"status": "INVALID_ARGUMENT"}}), Outcome.REFUSED),
        ((400, []), Outcome.REFUSED),
        ((404, {"error": "no such path"}), Outcome.REFUSED),
        ((429, {"error": {"details": None}}), Outcome.LATER),
    ],
)
async def test_what_else_fcm_says(
    said: tuple[int, Any], outcome: Outcome, settings: Settings, device: Device, notice: Notice
) -> None:
    status, body = said

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            return httpx2.Response(200, json={"access_token": "t", "expires_in": HOUR_S})
        return httpx2.Response(status, json=body)

    (answered,) = await sent(_over("fcm", settings(), answer), device("fcm"), notice)

    assert answered.outcome is outcome


async def test_a_page_that_has_subscribed_with_another_key_is_refused(
    services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    other = PushServices().settings()
    keys = {name: other[name] for name in ("push_vapid_key", "push_vapid_public_key")}

    (answer,) = await sent(provider_of("web_push", settings(**keys)), device("web_push"), notice)

    assert answer == Answer(Outcome.REFUSED, reason="status 403")


async def test_an_endpoint_elsewhere_is_not_called_whoever_has_kept_it(
    services: PushServices, settings: Settings, device: Device, notice: Notice
) -> None:
    provider = provider_of("web_push", settings(push_web_hosts=["web.push.apple.com"]))

    (answer,) = await sent(provider, device("web_push"), notice)

    assert answer.outcome is Outcome.REFUSED, "the setting may be wrong: the device stays"
    assert not services.asked


async def test_each_push_service_is_shown_a_token_for_itself(
    settings: Settings, device: Device, notice: Notice
) -> None:
    shown = list[str]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        shown.append(request.headers["authorization"])
        return httpx2.Response(201)

    hosts = ["a.example.com", "b.example.com"]
    provider = WebPush(settings(), hosts, httpx2.MockTransport(answer))
    one = device("web_push")
    for host in (*hosts, *hosts):
        await provider.send(one.model_copy(update={"address": f"https://{host}/1"}), notice, LIFE_S)
    await provider.close()

    assert shown[:2] == shown[2:]
    assert shown[0] != shown[1]


async def test_addresses_are_in_no_log(
    settings: Settings, device: Device, notice: Notice, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("hpack", "httpcore2", "httpx2"):
        caplog.set_level(logging.NOTSET, name)  # whatever others have left
    build_worker("gardener", [], [], settings(log_level="DEBUG"))
    logging.getLogger().addHandler(caplog.handler)
    caplog.set_level(logging.DEBUG)
    devices = [device(kind) for kind in KINDS]

    for kind, one in zip(KINDS, devices, strict=True):
        await sent(provider_of(kind, settings()), one, notice)

    logging.getLogger("chassis_realtime").debug("it is on")
    assert "it is on" in caplog.text
    assert not any(one.address in caplog.text for one in devices)
    assert not any(one.address in repr(one) for one in devices)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"push_apns_topic": ""}, "PUSH_APNS_TOPIC must be set to push by apns"),
        ({"push_fcm_account": None}, "PUSH_FCM_ACCOUNT must be set to push by fcm"),
        ({"push_vapid_subject": ""}, "PUSH_VAPID_SUBJECT must be set to push by web_push"),
        ({"push_vapid_subject": "anna"}, "PUSH_VAPID_SUBJECT must be mailto: or https:"),
        ({"push_vapid_key": "none"}, "PUSH_VAPID_KEY must be a key that `make push-key`"),
        ({"push_apns_key": "none"}, "PUSH_APNS_KEY must be a private key in PEM"),
        ({"push_fcm_account": "{}"}, "PUSH_FCM_ACCOUNT must be the JSON of a service account"),
    ],
)
def test_credentials_by_halves_are_refused_in_a_line(
    other: dict[str, Any], said: str, settings: Settings
) -> None:
    given = settings(**other)

    with pytest.raises(WrongCredentialsError) as refused:
        providers_of(given, given)

    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_keys_of_another_kind_are_refused(services: PushServices, settings: Settings) -> None:
    account = json.loads(services.settings()["push_fcm_account"])
    elliptic = services.settings()["push_apns_key"]
    of_fcm = settings(push_fcm_account=json.dumps({**account, "private_key": elliptic}))
    of_apns = settings(push_apns_key=account["private_key"])
    of_pages = settings(push_vapid_public_key=PushServices().settings()["push_vapid_public_key"])

    for given, said in ((of_fcm, "RSA"), (of_apns, "P-256"), (of_pages, "half of PUSH_VAPID_KEY")):
        with pytest.raises(WrongCredentialsError, match=said):
            providers_of(given, given)


def test_a_key_may_be_written_in_one_line(settings: Settings, services: PushServices) -> None:
    line = services.settings()["push_apns_key"].replace("\n", "\\n")

    assert provider_of("apns", settings(push_apns_key=line)).kind == "apns"


def test_a_key_for_web_push_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    push_key.main()

    lines = dict(line.split("=", 1) for line in capsys.readouterr().out.split())
    key = vapid.read(lines["PUSH_VAPID_KEY"])
    assert vapid.shown(key) == lines["PUSH_VAPID_PUBLIC_KEY"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7), ("", 0), ("-1", 0), ("²", 0), ("9" * 9, LONGEST_WAIT_S)]
)
def test_a_wait_is_bounded(text: str, seconds: int) -> None:
    headers = [(b"retry-after", text.encode())]
    assert wait_of(httpx2.Response(429, headers=headers)) == seconds


def test_what_is_signed_for_many_is_bounded() -> None:
    made = Renewed(lambda purpose, now: f"{purpose} {now}", DAY_S, lambda: 0)

    texts = [made.get(str(one)) for one in range(2 * Renewed.MOST)]

    assert texts[-1] == made.get(str(2 * Renewed.MOST - 1)) == f"{2 * Renewed.MOST - 1} 0"
    assert len(made._made) <= Renewed.MOST
