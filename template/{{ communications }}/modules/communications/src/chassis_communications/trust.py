"""Whom calls to the world outside trust."""

from functools import cache

import httpx2

trusted = cache(httpx2.create_ssl_context)
"""The authorities that this machine trusts, read once: to read them takes longer than a call."""
