"""What messages cost: told, and bounded before it is spent."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from chassis import problems
from chassis.app import assemble
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.features import FeatureSettings
from chassis_communications import cost_api
from chassis_communications.data.message_costs.routes import message_costs
from chassis_communications.declared import Template
from chassis_communications.kept_costs import KeptCosts
from chassis_communications.sending.decisions import PutOff, Withheld
from chassis_communications.spending import (
    COSTS,
    CostQuery,
    DailyCost,
    DailyCosts,
    Total,
    TotalQuery,
)
from chassis_communications.spending_limits import Settings
from chassis_communications.spending_limits.decisions import NotOneRange, WithinBudget
from chassis_communications.testing.over import Over
from chassis_workers.features import WorkerSettings
from chassis_workers.worker import build_worker

if TYPE_CHECKING:
    from fastapi import FastAPI

type Queue = Callable[..., Any]

NUMBER, EVERY = "+447700900123", Template(category="security")
DAY = DailyCost(
    day=dt.date(2026, 1, 31), channel="sms", provider="twilio", messages=2, segments=3, cost=22_500
)


class Costs:
    """What the data service knows of costs; `asked` is what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.sum = Total(messages=0, cost=0)

    async def by_day(self, query: CostQuery) -> DailyCosts:
        self.asked.append(query)
        return DailyCosts(items=[DAY])

    async def total(self, query: TotalQuery) -> Total:
        self.asked.append(query)
        return self.sum


@pytest.fixture
def costs() -> Costs:
    return Costs()


@pytest.fixture
async def data(costs: Costs) -> AsyncIterator[httpx2.AsyncClient]:
    settings = DataSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app: FastAPI = build_data_app("Garden data", [], settings)
    app.dependency_overrides[message_costs] = lambda: costs
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://data") as http:
        yield http


async def test_costs_are_told_over_http(data: httpx2.AsyncClient, costs: Costs) -> None:
    kept, since = KeptCosts(Over(data), "http://data/"), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    assert (await kept.by_day(CostQuery(since=since))).items == [DAY]
    query = TotalQuery(since=since, channel="sms", beginning="+44")
    assert await kept.total(query) == costs.sum
    assert costs.asked == [CostQuery(since=since), query]
    answer = await data.get(f"{COSTS}/total", params={"since": str(since), "beginning": "44%"})
    assert answer.status_code == 422


async def test_the_api_tells_them_day_by_day(
    data: httpx2.AsyncClient, costs: Costs, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = assemble("Shop", [], FeatureSettings(), [problems, cost_api])
    app.state.http, app.state.settings = Over(data), SimpleNamespace(data_api_url="http://data")
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as http:
        answer = await http.get(COSTS, params={"days": 1})
        assert (await http.get(COSTS, params={"days": 0})).status_code == 422

    assert answer.json()["items"] == [DAY.model_dump(mode="json")]
    (asked,) = costs.asked
    assert asked.since.isoformat().endswith("T00:00:00+00:00")


async def test_sms_do_not_go_to_one_number_after_the_other(costs: Costs, queue: Queue) -> None:
    told: list[str] = []
    decide = NotOneRange(lambda: costs, Settings(sms_range_a_day=2), lambda: told.append("x"))  # type: ignore[arg-type,return-value]
    sms, email = await queue(channel="sms", recipient=NUMBER), await queue()
    costs.sum = Total(messages=1, cost=0)
    await decide(sms, EVERY)

    costs.sum = Total(messages=2, cost=0)
    await decide(email, EVERY)
    with pytest.raises(Withheld, match="range"):
        await decide(sms, EVERY)
    assert told == ["x"]
    assert {(asked.channel, asked.beginning) for asked in costs.asked} == {("sms", "+44770090")}


async def test_what_a_day_may_cost_is_not_gone_beyond(costs: Costs, queue: Queue) -> None:
    now, told = 0.0, []
    decide = WithinBudget(
        lambda: costs,  # type: ignore[arg-type,return-value]
        Settings(messages_cost_a_day=1.5),
        lambda: told.append("x"),
        lambda: now,
    )
    now, message = 1.0, await queue()
    costs.sum = Total(messages=9, cost=1_499_999)
    await decide(message, EVERY)

    costs.sum = Total(messages=9, cost=1_500_000)
    await decide(message, EVERY)  # a sum is known for some seconds
    now = 10
    with pytest.raises(PutOff, match="cost") as waits:
        await decide(message, EVERY)
    assert waits.value.until > dt.datetime.now(dt.UTC)
    assert (len(costs.asked), told) == (2, ["x"])


async def test_without_a_limit_nothing_is_asked(costs: Costs, queue: Queue) -> None:
    await WithinBudget(lambda: costs, Settings(), lambda: None)(await queue(), EVERY)  # type: ignore[arg-type,return-value]

    assert not costs.asked


async def test_the_worker_asks_and_counts() -> None:
    worker = build_worker("gardener", [], [], WorkerSettings(sms_url="https://x.example"))

    decisions = worker.state.messages.decisions
    assert [type(one) for one in decisions[-2:]] == [NotOneRange, WithinBudget]
    for limit in ("range", "cost"):
        told = worker.state.metrics.registry.get_sample_value
        assert told("messages_held_back_total", {"limit": limit}) == 0
    for provider in worker.state.message_providers.values():
        await provider.close()
