"""Consuming: how a process handles messages, each at least once, until it succeeds or is put aside.

From the bottom up: a message as it is handed out (``delivery``), what may go wrong with it
(``failures``), what becomes of it (``handling``), whose it is (``consumer``), and all the queues
of a process (``subscriptions``). ``dead_letters`` looks after what was put aside.
"""
