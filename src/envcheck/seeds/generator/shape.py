"""What a sample-data fixture says: whose data, how many of each, and the number it grows from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from envcheck.kind import Kind

LINE_ITEMS = 20  # items of one product line
LEAST_ITEMS = 2 * LINE_ITEMS  # with one line everyone's taste would be the same
MOST_PER_USER = LINE_ITEMS  # on average; beyond it there is little left to recommend

Count = Annotated[int, Field(ge=1)]


class Profile(Kind):
    """How many of each. A user interacts with an item at most once."""

    users: Count
    items: Annotated[int, Field(ge=LEAST_ITEMS)]
    interactions: Count

    @model_validator(mode="after")
    def _leave_something_unseen(self) -> Profile:
        least, most = self.users, self.users * MOST_PER_USER
        if not least <= self.interactions <= most:
            raise ValueError(f"{self.users} users need {least} to {most} interactions")
        return self

    @property
    def lines(self) -> int:
        return self.items // LINE_ITEMS

    def scaled(self, factor: float) -> Profile:
        """All three times ``factor``, kept within what the shape allows."""
        users = max(1, round(self.users * factor))
        items = max(LEAST_ITEMS, round(self.items * factor))
        interactions = max(users, round(self.interactions * factor))
        most = users * MOST_PER_USER
        return Profile(users=users, items=items, interactions=min(interactions, most))


class Shape(Kind):
    """The whole fixture file: ``tenant``, ``seed`` and the profiles by name."""

    tenant: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    seed: Annotated[int, Field(ge=0)]
    profiles: dict[str, Profile]

    def sized(self, profile: str, scale: float) -> Profile:
        """The named profile times ``scale``. Raises LookupError with the names there are."""
        if profile not in self.profiles:
            known = ", ".join(sorted(self.profiles))
            raise LookupError(f"no profile {profile!r} (there are: {known})")
        return self.profiles[profile].scaled(scale)
