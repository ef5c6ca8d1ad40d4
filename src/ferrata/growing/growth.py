"""What growing is: answers with more in their entities."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

Answers = dict[str, Any]
# The answers as they are to be, for the rules of a template, a project and its answers.
Growth = Callable[[ModuleType, Path, Answers], Answers]
