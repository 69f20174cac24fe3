"""What every kind that can be written in YAML shares: strict fields, durations, kebab-case keys."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from envcheck.model.amount import amount

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def seconds(value: Any) -> float:
    """``20ms``, ``1m30s`` or a number of seconds; ValueError for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("expected a duration such as 500ms, 5s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


Seconds = Annotated[float, BeforeValidator(seconds)]


def counted(written: int | str) -> int | str:
    """``3`` or ``">= 3"`` as it was written; ``amount`` reads it. ValueError for anything else."""
    amount(written)
    return written


Count = Annotated[int | str, AfterValidator(counted)]


def yaml_key(field: str) -> str:
    """``row_security`` is written ``row-security``; ``as_`` is written ``as``."""
    return field.rstrip("_").replace("_", "-")


class Kind(BaseModel):
    """The fields are the YAML, the docstring is the manual entry. ``{secret: NAME}`` anywhere in
    the YAML has already become its value."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=yaml_key, populate_by_name=True
    )
