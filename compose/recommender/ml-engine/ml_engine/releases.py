"""Which versions a tenant has, and how its traffic is shared among them: ``latest.json``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ml_engine.errors import Absent


@dataclass(frozen=True, slots=True)
class Release:
    version: str
    created_at: str
    ndcg_at_10: float
    traffic_percent: int = 0


@dataclass(frozen=True, slots=True)
class Releases:
    """Newest last. The percentages add up to 100 as soon as there is a version."""

    tenant_id: str
    versions: tuple[Release, ...] = ()

    @classmethod
    def of(cls, tenant: str, document: Any) -> Releases:
        rows = (document or {}).get("versions", [])
        return cls(tenant, tuple(Release(**row) for row in rows))

    @property
    def document(self) -> dict[str, Any]:
        newest = self.versions[-1]
        return {
            "tenant_id": self.tenant_id,
            "version": newest.version,
            "versions": [asdict(release) for release in self.versions],
        }

    @property
    def current(self) -> Release:
        """The version most requests see; the newer one where two are even."""
        return max(reversed(self.versions), key=lambda release: release.traffic_percent)

    def published(self, release: Release) -> Releases:
        """The newcomer takes all traffic."""
        others = tuple(replace(old, traffic_percent=0) for old in self.versions)
        return Releases(self.tenant_id, (*others, replace(release, traffic_percent=100)))

    def deployed(self, version: str, percent: int) -> Releases:
        """``version`` takes ``percent``; the others share the rest as they did before."""
        if version not in {release.version for release in self.versions}:
            raise Absent(f"tenant {self.tenant_id} has no version {version}", version=version)
        others = [release for release in self.versions if release.version != version]
        shares = _shared(100 - percent, [release.traffic_percent for release in others])
        given = {release.version: share for release, share in zip(others, shares, strict=True)}
        given[version] = percent if others else 100
        return Releases(
            self.tenant_id,
            tuple(replace(old, traffic_percent=given[old.version]) for old in self.versions),
        )

    def chosen(self, user: str) -> str:
        """The version this user sees: the same one every time while the shares stay."""
        point = int.from_bytes(hashlib.sha256(user.encode()).digest()[:4], "big") % 100
        for release in self.versions:
            point -= release.traffic_percent
            if point < 0:
                return release.version
        return self.current.version


def _shared(whole: int, weights: Sequence[int]) -> list[int]:
    """``whole`` in proportion to ``weights``; what rounding leaves goes to the last with weight."""
    if not weights:
        return []
    if not any(weights):
        weights = [0] * (len(weights) - 1) + [1]
    shares = [whole * weight // sum(weights) for weight in weights]
    last = max(at for at, weight in enumerate(weights) if weight)
    shares[last] += whole - sum(shares)
    return shares
