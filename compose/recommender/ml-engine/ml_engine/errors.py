"""What a caller may be told. Everything else is answered as ``internal_error``, without detail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


class Refused(Exception):  # noqa: N818 (an answer, not a fault of ours)
    """An answer other than success; ``status`` is its HTTP status."""

    status = 400
    code = "bad_request"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Absent(Refused):
    status, code = 404, "not_found"


class OutOfOrder(Refused):
    status, code = 409, "conflict"


class Unusable(Refused):
    """The tenant's data cannot be learned from."""

    status, code = 422, "unusable_data"


class StorageAway(Refused):
    status, code = 503, "storage_unavailable"


def body(code: str, message: str, details: Any = None) -> dict[str, Any]:
    """The error contract all services share."""
    return {
        "error": {"code": code, "message": message, "details": details or {}},
        "timestamp": datetime.now(UTC).isoformat(),
    }
