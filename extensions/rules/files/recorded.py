"""What a project records of its answers, to know them again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# Where a project keeps the fingerprint of its answers.
FINGERPRINT_FILE = ".ferrata/answers.sha256"


def fingerprint(answers: Mapping[str, Any]) -> str:
    """A hash of the answers; an edit of the answers file by hand shows in it.

    The template's address is left out: a template may move, and then its address is edited.
    """
    kept = {key: value for key, value in answers.items() if not key.startswith("_")}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
