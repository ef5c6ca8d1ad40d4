"""Links by which a file is given out for a while, to whoever has them: who made one answers for it.

A link is good for one file, until a moment, and no longer than the file is there. Making one takes
a permission of its own (``file-links:create``).
"""

import secrets

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_files.file_api.delivery import Delivery
from chassis_files.file_links.routes import router
from chassis_files.file_links.settings import Settings
from chassis_files.file_links.signing import LINKS, AccessLinks

__all__ = ["Settings", "install", "lifespan"]


def install(app: FastAPI, _settings: Settings) -> None:
    """Add the routes; the one of the links is open, as each is signed."""
    key = app.state.settings.files_link_key
    text = key.get_secret_value() if key else secrets.token_hex()  # good for this process alone
    app.state.file_links = AccessLinks(text)
    # What a CDN keeps is for everybody: so it gives out by links, and never what takes a token.
    app.state.link_delivery = app.state.file_delivery
    app.state.file_delivery = Delivery()
    app.state.rules.signed.add(f"GET {LINKS}/{{file_id}}")
    app.include_router(router)


lifespan = no_lifespan
