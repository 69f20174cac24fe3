"""What a token in an answer says: its claims, how long it lives, who signed it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from envcheck.checks.api.request import Exchange
from envcheck.checks.json_paths import find
from envcheck.checks.matching import Matchers, difference
from envcheck.checks.reach import Amiss
from envcheck.kind import Kind, seconds
from envcheck.model.outcome import broken

_SPAN = re.compile(r"(.+?)\s*(?:±|\+-|\+/-)\s*(.+)")
Span = tuple[float, float]


def span(value: Any) -> Span:
    """``15m ± 5s`` in seconds; without a tolerance, five seconds."""
    if isinstance(value, tuple):
        return value
    match = _SPAN.fullmatch(str(value))
    return (seconds(match[1]), seconds(match[2])) if match else (seconds(value), 5.0)


class Token(Kind):
    """A JWT in the answer. ``secret`` proves that it was signed with the declared one."""

    token: str
    claims: Matchers = Field(default_factory=dict)
    algorithm: str = ""
    lifetime: Annotated[
        Span | None, BeforeValidator(span, json_schema_input_type=str | float | None)
    ] = None
    secret: str = ""

    def judge(self, exchange: Exchange, body: Any) -> None:
        """Raises Amiss with the first thing that is not as declared."""
        raw = find(self.token, body)
        header, claims = _decoded(exchange, self.token, raw)
        if self.algorithm and header.get("alg") != self.algorithm:
            _amiss(exchange, "claims", f"it is signed with {header.get('alg')}", self.algorithm)
        wrong = difference(claims, self.claims)
        if wrong is not None:
            _amiss(exchange, "claims", f"claim {wrong}", wrong.expected)
        self._judge_lifetime(exchange, claims)
        if self.secret:
            self._judge_signature(exchange, raw, str(header.get("alg")))

    def _judge_lifetime(self, exchange: Exchange, claims: dict[str, Any]) -> None:
        if self.lifetime is None:
            return
        wanted, tolerance = self.lifetime
        begins = claims.get("iat", _date(exchange))
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or not isinstance(begins, int | float):
            _amiss(exchange, "lifetime", "it never expires", f"a lifetime of {wanted:g}s")
        elif abs(expires - begins - wanted) > tolerance:
            observed = f"it lives {expires - begins:.0f}s"
            _amiss(exchange, "lifetime", observed, f"a lifetime of {wanted:g}s ± {tolerance:g}s")

    def _judge_signature(self, exchange: Exchange, raw: str, algorithm: str) -> None:
        import jwt

        try:
            options: Any = {"verify_exp": False, "verify_aud": False}
            jwt.decode(raw, self.secret, algorithms=[algorithm], options=options)
        except jwt.PyJWTError as error:
            observed = f"it is not signed with the declared secret ({type(error).__name__})"
            _amiss(exchange, "signature", observed, "signed with the declared secret")


def _decoded(exchange: Exchange, path: str, raw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        header, claims, _ = str(raw).split(".")
        return _part(header), _part(claims)
    except (ValueError, binascii.Error):
        _amiss(exchange, "claims", "it is no JWT", f"a JWT at {path}")
        raise


def _part(text: str) -> dict[str, Any]:
    said = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(said, dict):
        raise ValueError("no object")
    return said


def _date(exchange: Exchange) -> float | None:
    headers = {name.lower(): value for name, value in exchange.answer.headers.items()}
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return None


_FIXES = {
    "claims": "correct what the service puts into its tokens",
    "lifetime": "correct the service's token lifetime",
    "signature": "give every service the same signing secret",
}


def _amiss(exchange: Exchange, what: str, observed: str, expected: str) -> None:
    raise Amiss(
        broken(
            f"the token of {exchange.asked}: {observed}",
            cause=f"api.token-{what}",
            expected=expected,
            fix=_FIXES[what],
            evidence=exchange.evidence[:1],
        )
    )
