"""Asking on a terminal for what is missing in the answers."""

from ferrata.asking.completing import asked_entity, completed, tell_of_draft
from ferrata.asking.drafts import Draft
from ferrata.asking.prompts import on_terminal

__all__ = ["Draft", "asked_entity", "completed", "on_terminal", "tell_of_draft"]
