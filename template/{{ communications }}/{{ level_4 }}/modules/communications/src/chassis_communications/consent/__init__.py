"""Consent: a worker sends what people want to get, when they want it; marketing only if they said so."""

from chassis.feature import no_lifespan
from chassis_communications.consent.decisions import AllowedCountry, AsWanted
from chassis_communications.consent.settings import Settings
from chassis_communications.consent.way_out import WayOut
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
    out = WayOut(own.public_url, key_of(settings.messages_key), worker.state.templates)
    hooks.headers.append(out.headers)
    hooks.contents.append(out.shown)


lifespan = no_lifespan
