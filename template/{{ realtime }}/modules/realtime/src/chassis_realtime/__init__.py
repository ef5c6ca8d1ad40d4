"""Real-time communication: clients are told of changes as they happen.

From the bottom up: who is told of what (``audiences``), what was told (``log``), the clients of this
instance and what each has not been sent yet (``hub``), and how they are reached (``live``). The
worker writes the logs (``bridge``).
"""
