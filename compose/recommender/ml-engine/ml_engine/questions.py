"""What a request may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# becomes part of object names: nothing that could climb out of the tenant's folder
TenantId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
MOST_ITEMS = 1000


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Filters(Question):
    category: Annotated[str, Field(max_length=200)] | None = None


class Recommend(Question):
    tenant_id: TenantId
    user_id: Annotated[str, Field(min_length=1, max_length=200)]
    count: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 10
    filters: Filters | None = None

    @property
    def category(self) -> str | None:
        return self.filters.category if self.filters else None


class Train(Question):
    tenant_id: TenantId
    minimum_ndcg: Annotated[float, Field(ge=0, le=1)] | None = None


class Deploy(Question):
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    traffic_percent: Annotated[int, Field(ge=0, le=100)] = 100
