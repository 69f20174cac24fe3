"""A tenant's catalogue and interactions as Parquet on S3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from envcheck.errors import ConfigError
from envcheck.kind import Kind
from envcheck.model.check import Check, Level, Scene
from envcheck.model.outcome import Observation, broken, passed
from envcheck.model.problem import Place, Problem
from envcheck.model.seed import Fixtures, Progress, Seeded, SeedFailed, SeedUnit
from envcheck.seeds.generator.parquet import Part, parts
from envcheck.seeds.generator.shape import Profile, Shape
from envcheck.seeds.parquet_object import compare
from envcheck.seeds.reading import absent, answered, fixture
from envcheck.seeds.s3_client import MISSING, code, opened

MARK = "envcheck-seed"  # metadata of every object we wrote; without it an object is not ours


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
            return self._look(scene, parts(shape.tenant, shape.seed, size))

        expected = _expected(size)
        return [
            Check("sample-data", self.service, Level.CONTENT, answered(look), expected, self.kind)
        ]

    def missing(self, fixtures: Fixtures) -> Sequence[str]:
        return absent(fixtures, self.file)

    def _write(self, scene: Scene, progress: Progress, shape: Shape, size: Profile) -> Seeded:
        both = parts(shape.tenant, shape.seed, size)
        total, done, written = sum(part.rows for part in both), 0, 0
        with opened(scene.target(self.service)) as client:
            for part in both:
                written += part.rows * self._put(client, part)
                done += part.rows
                progress(done, total, "rows", part.key)
        return Seeded(written, total, "rows")

    def _put(self, client: Any, part: Part) -> bool:
        """One put is whole or not at all, so a half-written seed is only ever a missing object."""
        there, mark = self._get(client, part)
        if there == part.body or (there is not None and compare(there, part) is None):
            return False
        if there is not None and mark is None:
            raise SeedFailed(self._foreign(part))
        client.put_object(
            Bucket=self.bucket,
            Key=part.key,
            Body=part.body,
            ContentType="application/vnd.apache.parquet",
            Metadata={MARK: part.checksum},
        )
        return True

    def _look(self, scene: Scene, both: Sequence[Part]) -> Observation:
        with opened(scene.target(self.service)) as client:
            for part in both:
                body, _ = self._get(client, part)
                wrong = self._gone(part) if body is None else compare(body, part)
                if wrong is not None:
                    return wrong
        return passed(", ".join(f"{part.rows} rows in {part.key}" for part in both))

    def _get(self, client: Any, part: Part) -> tuple[bytes | None, str | None]:
        """The object's bytes and our mark on it; None and None where there is none."""
        from botocore.exceptions import ClientError

        try:
            answer = client.get_object(Bucket=self.bucket, Key=part.key)
        except ClientError as error:
            if code(error) in MISSING - {"NoSuchBucket"}:
                return None, None
            raise
        return answer["Body"].read(), answer.get("Metadata", {}).get(MARK)

    def _gone(self, part: Part) -> Observation:
        return broken(
            f"{self.bucket} holds no {part.key}",
            cause="s3.object-missing",
            fix="run `envcheck seed`, which writes it again",
        )

    def _foreign(self, part: Part) -> Observation:
        return broken(
            f"{self.bucket}/{part.key} exists, differs, and was not written by envcheck",
            cause="s3.object-foreign",
            fix="move that object away, or name another bucket",
        )


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
