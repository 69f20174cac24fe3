"""Passwords, tokens and API keys: how they are made and how they are read."""

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass
from uuid import UUID

import bcrypt
import jwt

from backend_api.errors import unauthorized

ACCESS = 15 * 60
REFRESH = 7 * 24 * 3600
SKEW = 5  # seconds two clocks, or one that is being set, may differ
IMPERSONATION = 5 * 60
NO_HASH = "$2b$11$.efUB0mhN9wsCIrf93Rh0uV2Ous2Y9rSVnsQLklwHpO0kjKhOoZKi"
"""Checked where there is no such user, so that both refusals take the same time."""


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: UUID
    tenant_id: UUID
    email: str
    role: str
    impersonated_by: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """HS256 and nothing else; an access token is no refresh token, nor the other way round."""

    secret: str

    def issue(self, claims: Claims, kind: str, seconds: int) -> str:
        now = int(time.time())
        payload = {
            "sub": str(claims.user_id),
            "tenant_id": str(claims.tenant_id),
            "email": claims.email,
            "role": claims.role,
            "type": kind,
            "iat": now,
            "exp": now + seconds,
            "jti": secrets.token_hex(8),
        }
        if claims.impersonated_by:
            payload["impersonated_by"] = claims.impersonated_by
        return jwt.encode(payload, self.secret, algorithm="HS256")

    def pair(self, claims: Claims) -> dict[str, object]:
        return {
            "access_token": self.issue(claims, "access", ACCESS),
            "refresh_token": self.issue(claims, "refresh", REFRESH),
            "token_type": "bearer",
            "expires_in": ACCESS,
        }

    def read(self, token: str, kind: str) -> Claims:
        """Raises a 401 that says no more than the caller may know."""
        required = ["exp", "sub", "tenant_id", "email", "role", "type"]
        try:
            payload = jwt.decode(
                token,
                self.secret,
                algorithms=["HS256"],
                leeway=SKEW,
                options={"require": required},
            )
            user_id, tenant_id = UUID(payload["sub"]), UUID(payload["tenant_id"])
        except jwt.ExpiredSignatureError:
            raise unauthorized("The token has expired.") from None
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
            raise unauthorized("The token is not valid.") from None
        if payload["type"] != kind:
            raise unauthorized(f"This is not {'an' if kind == 'access' else 'a'} {kind} token.")
        by = str(payload.get("impersonated_by", ""))
        return Claims(user_id, tenant_id, str(payload["email"]), str(payload["role"]), by)


def matches(password: str, password_hash: str) -> bool:
    """bcrypt reads 72 bytes at most; a longer password never matches."""
    typed = password.encode()
    try:
        return len(typed) <= 72 and bcrypt.checkpw(typed, password_hash.encode())
    except ValueError:  # what is stored is no bcrypt hash
        return False


async def password_matches(password: str, password_hash: str | None) -> bool:
    """Off the event loop: one look costs a fifth of a second of pure arithmetic."""
    right = await asyncio.to_thread(matches, password, password_hash or NO_HASH)
    return right and password_hash is not None


async def hash_password(password: str) -> str:
    return (await asyncio.to_thread(bcrypt.hashpw, password.encode(), bcrypt.gensalt(11))).decode()


def new_api_key() -> str:
    return f"ek_{secrets.token_urlsafe(32)}"


def key_hash(key: str) -> str:
    """A plain hash is enough: a key has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_prefix(key: str) -> str:
    return key[:11]
