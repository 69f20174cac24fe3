"""One row at a time: what an item and an interaction must be, and why a row is not one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

MOST_ERRORS = 100  # listed in a report; the rest is counted
MOST_TEXT = 2000  # characters
MOST_ID = 200
TYPES = ("view", "click", "cart", "purchase", "rating")
EMPTY = (None, "")


class Wrong(ValueError):  # noqa: N818 (an answer about a value)
    """The value is not what its column holds; the text says what it should be."""


Reader = Callable[[Any], Any]


def identifier(value: Any) -> str:
    text = str(value).strip()
    if not text or len(text) > MOST_ID or not text.isprintable():
        raise Wrong(f"expected 1 to {MOST_ID} printable characters")
    return text


def text(value: Any) -> str:
    said = str(value).strip()
    if len(said) > MOST_TEXT:
        raise Wrong(f"expected at most {MOST_TEXT} characters")
    return said


def number(least: float, most: float = math.inf) -> Reader:
    def read(value: Any) -> float:
        try:
            said = float(value)
        except (TypeError, ValueError):
            raise Wrong("expected a number") from None
        if not math.isfinite(said) or not least <= said <= most:
            upper = f" to {most:g}" if most < math.inf else " or more"
            raise Wrong(f"expected {least:g}{upper}")
        return said

    return read


def whole(value: Any) -> int:
    said = number(0, 7 * 24 * 3600)(value)
    return round(said)


def moment(value: Any) -> datetime:
    """ISO 8601 with or without a zone (then UTC), or seconds since the epoch."""
    try:
        if isinstance(value, datetime):
            said = value
        elif isinstance(value, int | float) or str(value).strip().isdigit():
            said = datetime.fromtimestamp(float(value), UTC)
        else:
            said = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        raise Wrong("expected a time such as 2026-01-31T12:00:00Z") from None
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)


def interaction_type(value: Any) -> str:
    said = str(value).strip().lower()
    if said not in TYPES:
        raise Wrong(f"expected one of {', '.join(TYPES)}")
    return said


def tags(value: Any) -> list[str]:
    parts = value if isinstance(value, list | tuple) else str(value).replace(";", "|").split("|")
    return [text(part) for part in parts if str(part).strip()]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is uploaded: its columns with their readers, and where the rows go."""

    name: str
    required: Mapping[str, Reader]
    optional: Mapping[str, Reader]
    key: str
    unique: bool
    bucket: str
    topic: str

    @property
    def columns(self) -> dict[str, Reader]:
        return {**self.required, **self.optional}


ITEMS = Kind(
    name="items",
    required={"item_id": identifier, "name": text, "category": text, "price": number(0)},
    optional={"description": text, "brand": text, "tags": tags},
    key="item_id",
    unique=True,
    bucket="embeddings-item-data",
    topic="item_catalog",
)
INTERACTIONS = Kind(
    name="interactions",
    required={
        "user_id": identifier,
        "item_id": identifier,
        "interaction_type": interaction_type,
        "timestamp": moment,
    },
    optional={"rating": number(0, 5), "duration_seconds": whole},
    key="user_id",
    unique=False,
    bucket="embeddings-user-data",
    topic="user_interactions",
)
KINDS = {kind.name: kind for kind in (ITEMS, INTERACTIONS)}


@dataclass
class Report:
    """``row`` counts from 1, the header not counted. ``rows`` are the good ones, in order."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, row: int, wrong: Mapping[str, str]) -> None:
        self.rejected += 1
        for column, message in wrong.items():
            if len(self.errors) < MOST_ERRORS:
                self.errors.append({"row": row, "column": column, "message": message})

    def said(self) -> dict[str, Any]:
        return {"accepted": len(self.rows), "rejected": self.rejected, "errors": self.errors}


def validate(kind: Kind, rows: Iterable[Mapping[str, Any]]) -> Report:
    report, seen = Report(), {}
    for position, row in enumerate(rows, 1):
        good, wrong = _read(kind, row)
        first = seen.setdefault(good.get(kind.key), position) if kind.unique else position
        if not wrong and first != position:
            wrong = {kind.key: f"repeats row {first}"}
        if wrong:
            report.reject(position, wrong)
        else:
            report.rows.append(good)
    return report


def _read(kind: Kind, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    good: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for column, reader in kind.columns.items():
        value = row.get(column)
        if value in EMPTY:
            good[column] = None
            if column in kind.required:
                wrong[column] = "is missing"
            continue
        try:
            good[column] = reader(value)
        except Wrong as error:
            wrong[column] = str(error)
    return good, wrong


def plain(value: Any) -> Any:
    """The value as JSON says it."""
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    return value
