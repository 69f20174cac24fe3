"""Whole outputs, compared with files. To renew them: ENVCHECK_RENEW=1 pytest tests/functional"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


def same_as_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("ENVCHECK_RENEW"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "renew with ENVCHECK_RENEW=1 when it is meant"
