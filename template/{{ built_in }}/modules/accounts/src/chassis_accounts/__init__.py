"""Accounts of users: who may log in, the sessions that are open, and the keys that tokens are signed with.

The business API logs people in (``login``) and takes the tokens that it has given them
(``own_tokens``). The data service keeps the accounts and the keys (``data``), Redis the sessions.
"""
