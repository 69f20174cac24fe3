"""The fixtures of the recommender are what its seeds can read."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from envcheck.errors import ConfigError
from envcheck.model.seed import Fixtures
from envcheck.seeds.kafka_events import KafkaEvents
from envcheck.seeds.postgres_rows import PostgresRows
from envcheck.seeds.sample_data import SampleData

FOLDER = Path(__file__).parents[3] / "fixtures" / "recommender"
SAMPLE = SampleData(service="minio", bucket="b", file="sample-data.yaml")


def fixtures(profile: str = "small", scale: float = 1) -> Fixtures:
    def read(name: str) -> object:
        return YAML(typ="safe").load((FOLDER / name).read_text())

    return Fixtures(FOLDER, profile=profile, scale=scale, read=read)


@pytest.mark.parametrize(
    ("profile", "scale", "expected"),
    [
        ("small", 1, "500 items and 10000 interactions as Parquet"),
        ("full", 1, "5000 items and 100000 interactions as Parquet"),
        ("small", 0.5, "250 items and 5000 interactions as Parquet"),
    ],
)
def test_the_sample_data_come_in_the_sizes_asked_for(
    profile: str, scale: float, expected: str
) -> None:
    (unit,) = SAMPLE.units(fixtures(profile, scale))
    assert unit.expected == expected


def test_what_a_seed_writes_its_proof_demands() -> None:
    seeds = (
        SAMPLE,
        PostgresRows(service="postgres", file="tenants.yaml"),
        KafkaEvents(service="kafka", topic="t", file="sample-data.yaml"),
    )
    for seed in seeds:
        assert seed.missing(fixtures()) == []
        units = [(unit.name, unit.service, unit.kind) for unit in seed.units(fixtures())]
        assert units == [(c.name, c.service, c.kind) for c in seed.proof(fixtures())]
        assert units


def test_an_absent_file_is_named_for_config_to_report() -> None:
    seed = SampleData(service="minio", bucket="b", file="nowhere.yaml")
    assert seed.missing(fixtures()) == ["nowhere.yaml"]


def test_everything_wrong_in_a_fixture_is_said_at_once() -> None:
    wrong = {"tenant": "demo", "seed": -1, "profiles": {"small": {"users": 1, "itms": 5}}}
    with pytest.raises(ConfigError) as refused:
        SAMPLE.units(Fixtures(Path("f"), read=lambda _name: wrong))
    small = [f"profiles.small.{field}" for field in ("items", "interactions", "itms")]
    assert [problem.found for problem in refused.value.problems] == ["tenant", "seed", *small]


def test_an_unknown_profile_is_the_users_error() -> None:
    with pytest.raises(ConfigError, match=r"no profile 'huge' \(there are: full, small\)"):
        SAMPLE.units(fixtures("huge"))
