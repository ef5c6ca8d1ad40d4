"""A Telegram bot: a process that takes updates from a Bot API server, and serves no HTTP.

From the bottom up: calls to the Bot API (``session``, ``floods``), where updates come from
(``source``, ``asking``) and what becomes of them (``polling``, ``handling``), the records of the
business API (``records``), and what people do with them in a chat (``browsing``, ``fields``,
``dialogue``, ``commands``).

An update is handled at least once, for a bot may die at any moment; what it creates is created once.
"""
