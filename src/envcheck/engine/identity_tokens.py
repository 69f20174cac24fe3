"""Tokens: signed by ourselves (right, expired, forged or unsigned on purpose), and read."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

LIFETIME = 900.0  # seconds, where the recipe says nothing


def signed(fields: Mapping[str, Any], now: float) -> tuple[str, dict[str, str]]:
    """A JWT as the recipe says and its claims; ``now`` in seconds since the epoch. A negative
    ``expires`` makes one that was issued and ran out in the past."""
    import jwt

    expires = float(fields.get("expires", LIFETIME))
    issued = now if expires > 0 else now + expires - LIFETIME
    claims = {"iat": int(issued), "exp": int(now + expires), **fields.get("claims", {})}
    algorithm = str(fields.get("algorithm", "HS256"))
    key = "" if algorithm == "none" else str(fields.get("secret", ""))
    headers = dict(fields.get("headers") or {})
    token = jwt.encode(claims, key, algorithm=algorithm, headers=headers or None)
    return token, {name: str(value) for name, value in claims.items()}


def claims(token: str) -> dict[str, str]:
    """What a JWT says, unverified; empty for a token that is none."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 (header, claims, signature)
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        said = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, binascii.Error):
        return {}
    return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
