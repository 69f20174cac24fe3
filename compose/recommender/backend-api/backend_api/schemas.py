"""What callers may send: strict, and never echoed back in an error."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from backend_api.errors import ApiError

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"


class Body(BaseModel):
    """An unknown field is a mistake worth hearing about."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def email_shaped(value: str) -> str:
    name, at, domain = value.strip().lower().rpartition("@")
    if not (at and name and "." in domain) or any(sign.isspace() for sign in value.strip()):
        raise ValueError("this is no e-mail address")
    return f"{name}@{domain}"


def fits_bcrypt(value: str) -> str:
    if len(value.encode()) > 72:
        raise ValueError("at most 72 bytes")
    return value


Name = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=PRINTABLE, strip_whitespace=True)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
Email = Annotated[
    str, StringConstraints(max_length=254, pattern=PRINTABLE), AfterValidator(email_shaped)
]
NewPassword = Annotated[str, StringConstraints(min_length=12), AfterValidator(fits_bcrypt)]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=PRINTABLE)]
Category = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PRINTABLE)]


class Period(BaseModel):
    """From the beginning of the first day to the end of the last, UTC."""

    since: datetime
    until: datetime


def period(
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> Period:
    """The last thirty days unless said otherwise; a year at most. Raises 422."""
    last = last or datetime.now(UTC).date()
    first = first or last - timedelta(days=29)
    if not timedelta() <= last - first <= timedelta(days=366):
        raise ApiError(422, "The period must run from an earlier to a later day, a year at most.")
    midnight = time(tzinfo=UTC)
    return Period(
        since=datetime.combine(first, midnight),
        until=datetime.combine(last, midnight) + timedelta(days=1),
    )


Span = Annotated[Period, Depends(period)]
