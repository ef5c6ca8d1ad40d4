"""Consent: a worker sends what people want to get, when they want it; marketing only if they said so."""

from functools import partial

from chassis.feature import no_lifespan
from chassis_communications.consent.decisions import AllowedCountry, AsWanted, unsubscribe_headers
from chassis_communications.consent.settings import Settings
from chassis_communications.declared import Template
from chassis_communications.links import key_of
from chassis_communications.preferences import CONFIRM
from chassis_workers.process import Worker

__all__ = ["Settings", "install", "lifespan"]


def install(worker: Worker, settings: Settings) -> None:
    """Have it decided before each attempt, and marketing carry a way out."""
    worker.state.templates.declare(CONFIRM, Template(category="security"))
    hooks, own = worker.state.messages, worker.state.settings
    hooks.decisions.extend([AllowedCountry(settings), AsWanted(worker, settings)])
    key = key_of(settings.messages_key)
    hooks.headers.append(partial(unsubscribe_headers, own.public_url, key))


lifespan = no_lifespan
