"""Buckets: those that are missing are created; none is ever emptied or deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, passed
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedUnit
from envcheck.seeds.reading import answered
from envcheck.seeds.s3_client import code, opened

OURS_ALREADY = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class S3Buckets(Kind):
    """Buckets that must exist on an S3 server. Existing ones are left as they are."""

    kind: ClassVar[str] = "s3-buckets"
    service: str
    buckets: tuple[str, ...]

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]:  # noqa: ARG002 (the kind's shape)
        expected = f"{len(self.buckets)} buckets"
        return [SeedUnit("buckets", self.service, self._write, expected, self.kind)]

    def proof(self, fixtures: Fixtures) -> Sequence[Check]:  # noqa: ARG002
        expected = f"the buckets {', '.join(self.buckets)}"
        look = answered(self._look)
        return [Check("buckets", self.service, Level.OBJECT, look, expected, self.kind)]

    def missing(self, fixtures: Fixtures) -> Sequence[str]:  # noqa: ARG002
        return []

    def _write(self, scene: Scene, progress: Progress) -> Seeded:
        created = 0
        with opened(scene.target(self.service)) as client:
            there = _names(client)
            for number, bucket in enumerate(self.buckets, 1):
                created += bucket not in there and _create(client, bucket)
                progress(number, len(self.buckets), "buckets", bucket)
        return Seeded(created, len(self.buckets), "buckets")

    def _look(self, scene: Scene) -> Observation:
        with opened(scene.target(self.service)) as client:
            there = _names(client)
        gone = [bucket for bucket in self.buckets if bucket not in there]
        if gone:
            return broken(
                f"there is no bucket {', '.join(gone)}",
                cause="s3.bucket-missing",
                fix="run `envcheck seed`, which creates the bucket",
                evidence=(f"buckets there: {', '.join(sorted(there)) or 'none'}",),
            )
        return passed(f"{len(self.buckets)} buckets there")


def _names(client: Any) -> set[str]:
    return {bucket["Name"] for bucket in client.list_buckets().get("Buckets", [])}


def _create(client: Any, bucket: str) -> bool:
    """Whether we created it; somebody may have been quicker."""
    from botocore.exceptions import ClientError

    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        if code(error) in OURS_ALREADY and bucket in _names(client):
            return False
        raise
    return True
