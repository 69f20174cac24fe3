"""The spellings under which a secret reaches a log: encoded for a URL, JSON, a header, a dump."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus


def disguises(secret: str) -> set[str]:
    """The secret itself and every encoding of it we look for, each at least six characters."""
    raw = secret.encode("utf-8", "replace")
    spellings = {secret, raw.hex(), raw.hex().upper(), html.escape(secret)}
    spellings |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    spellings.add(repr(secret)[1:-1])
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        spellings |= {encoded, re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)}
    return spellings | _base64(raw)


def _base64(raw: bytes) -> set[str]:
    """The characters the secret alone decides, at each of its three alignments.

    Each character carries 6 bits; those shared with a neighbour's bytes depend on the neighbour.
    """
    found = set()
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + raw).decode()
        inside = text[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        found |= {inside, inside.replace("+", "-").replace("/", "_")}
    return found
