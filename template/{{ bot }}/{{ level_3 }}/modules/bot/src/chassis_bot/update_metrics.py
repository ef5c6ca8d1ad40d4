"""Metrics of a bot, at ``/metrics`` of the port of its probes: updates, and what became of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiogram.types import Update
from prometheus_client import Counter, Gauge, Histogram

from chassis import metrics
from chassis.feature import no_lifespan
from chassis_bot.handling import Outcome
from chassis_bot.process import ChatBot

BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120)


def install(bot: ChatBot, _settings: object) -> None:
    """Tell of updates beside the probes."""
    told = metrics.expose(bot.state.probes, bot.state.service)
    bot.state.metrics = told
    duration = Histogram(
        "bot_update_duration_seconds",
        "How long updates took, with all attempts.",
        buckets=BUCKETS,
        registry=told.registry,
    )
    handled = Counter("bot_updates", "What became of updates.", ["outcome"], registry=told.registry)
    active = Gauge("bot_updates_in_progress", "Updates in hand.", registry=told.registry)
    silent = Gauge(
        "bot_updates_missing", "1 while the bot gets no updates.", registry=told.registry
    )
    silent.set_function(lambda: float(bool(bot.polling.trouble)))
    for outcome in Outcome:  # known from the start: a first failure must show
        handled.labels(outcome.name.lower())

    @contextmanager
    def timed(_update: Update) -> Iterator[None]:
        started = time.perf_counter()
        with active.track_inprogress():
            try:
                yield
            finally:
                duration.observe(time.perf_counter() - started)

    def count(_update: Update, outcome: Outcome) -> None:
        handled.labels(outcome.name.lower()).inc()

    bot.handling.scopes.append(timed)
    bot.handling.observers.append(count)


lifespan = no_lifespan
