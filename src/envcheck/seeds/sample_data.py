"""A tenant's catalogue and interactions as Parquet on S3."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from envcheck.errors import ConfigError
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, passed
from envcheck.model.problem import Place, Problem
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedFailed, SeedUnit
from envcheck.seeds.generator.parquet import Part, outlines, parts, recipe
from envcheck.seeds.generator.shape import Profile, Shape
from envcheck.seeds.parquet_object import compare
from envcheck.seeds.reading import absent, answered, fixture
from envcheck.seeds.s3_client import MISSING, code, opened

# Metadata of every object we wrote: the checksum of its bytes (without it an object is not ours),
# and what its rows follow from. Bytes that match both need not be made again to be compared.
MARK, RECIPE = "envcheck-seed", "envcheck-recipe"


class SampleData(Kind):
    """Sample data for one tenant: ``items/tenant=…`` and ``interactions/tenant=…`` in a bucket.

    The fixture file gives the tenant, the seed number and the sizes; the same numbers give the same
    bytes. An object of the same name that we did not write is never replaced.
    """

    kind: ClassVar[str] = "sample-data"
    service: str
    bucket: str
    file: str

    def units(self, fixtures: Fixtures) -> Sequence[SeedUnit]:
        shape, size = sized(fixtures, self.file)

        def write(scene: Scene, progress: Progress) -> Seeded:
            return self._write(scene, progress, shape, size)

        return [SeedUnit("sample-data", self.service, write, _expected(size), self.kind)]

    def proof(self, fixtures: Fixtures) -> Sequence[Check]:
        shape, size = sized(fixtures, self.file)

        def look(scene: Scene) -> Observation:
            return self._look(scene, shape, size)

        expected = _expected(size)
        return [
            Check("sample-data", self.service, Level.CONTENT, answered(look), expected, self.kind)
        ]

    def missing(self, fixtures: Fixtures) -> Sequence[str]:
        return absent(fixtures, self.file)

    def _write(self, scene: Scene, progress: Progress, shape: Shape, size: Profile) -> Seeded:
        told = shape.tenant, shape.seed, size
        both = parts(*told)
        total, done, written = sum(part.rows for part in both), 0, 0
        with opened(scene.target(self.service)) as client:
            for part in both:
                written += part.rows * self._put(client, part, recipe(*told))
                done += part.rows
                progress(done, total, "rows", part.key)
        return Seeded(written, total, "rows")

    def _put(self, client: Any, part: Part, made_by: str) -> bool:
        """One put is whole or not at all, so a half-written seed is only ever a missing object."""
        there, marks = self._get(client, part.key)
        if there == part.body or (there is not None and compare(there, part) is None):
            return False
        if there is not None and MARK not in marks:
            raise SeedFailed(self._foreign(part))
        client.put_object(
            Bucket=self.bucket,
            Key=part.key,
            Body=part.body,
            ContentType="application/vnd.apache.parquet",
            Metadata={MARK: part.checksum, RECIPE: made_by},
        )
        return True

    def _look(self, scene: Scene, shape: Shape, size: Profile) -> Observation:
        told, both = (shape.tenant, shape.seed, size), outlines(shape.tenant, size)
        with opened(scene.target(self.service)) as client:
            for at, outline in enumerate(both):
                body, marks = self._get(client, outline.key)
                if body is None:
                    return self._gone(outline.key)
                if not _untouched(body, marks, recipe(*told)):
                    wrong = compare(body, parts(*told)[at])
                    if wrong is not None:
                        return wrong
        return passed(", ".join(f"{outline.rows} rows in {outline.key}" for outline in both))

    def _get(self, client: Any, key: str) -> tuple[bytes | None, Mapping[str, str]]:
        """The object's bytes and our marks on it; None where there is none."""
        from botocore.exceptions import ClientError

        try:
            answer = client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code(error) in MISSING - {"NoSuchBucket"}:
                return None, {}
            raise
        return answer["Body"].read(), answer.get("Metadata", {})

    def _gone(self, key: str) -> Observation:
        return broken(
            f"{self.bucket} holds no {key}",
            cause="s3.object-missing",
            fix="run `envcheck seed`, which writes it again",
        )

    def _foreign(self, part: Part) -> Observation:
        return broken(
            f"{self.bucket}/{part.key} exists, differs, and was not written by envcheck",
            cause="s3.object-foreign",
            fix="move that object away, or name another bucket",
        )


def _untouched(body: bytes, marks: Mapping[str, str], made_by: str) -> bool:
    """The very bytes we wrote, by the recipe we would follow now."""
    same = marks.get(MARK) == hashlib.sha256(body).hexdigest()
    return same and marks.get(RECIPE) == made_by


def sized(fixtures: Fixtures, file: str) -> tuple[Shape, Profile]:
    """The fixture and the size asked for. Raises ConfigError, also for an unknown profile."""
    shape = fixture(fixtures, file, Shape)
    try:
        return shape, shape.sized(fixtures.profile, fixtures.scale)
    except LookupError as error:
        place = Place(str(fixtures.folder / file))
        raise ConfigError([Problem(place, str(error.args[0]))]) from error


def _expected(size: Profile) -> str:
    return f"{size.items} items and {size.interactions} interactions as Parquet"
