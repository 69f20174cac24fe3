"""A plain Compose project without any file of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.config.reader import read_compose, read_environment
from envcheck.errors import ConfigError
from envcheck.model.environment import Environment
from tests.unit.config.desk import COMPOSE, KINDS, Ping, Tcp, plain, single, write


def levels(found: Environment) -> list[list[str]]:
    return [[member.name for member in wave.services] for wave in found.waves]


def services(**after: str) -> str:
    lines = [f"  {name}: {{image: x, depends_on: [{on}]}}" for name, on in after.items()]
    return "\n".join(["services:", *lines, ""])


def test_waves_follow_from_who_waits_for_whom() -> None:
    found = plain(services(web="api, cache", api="db", db="", cache=""))
    assert levels(found) == [["db", "cache"], ["api"], ["web"]]
    assert [wave.number for wave in found.waves] == [1, 2, 3]
    assert [wave.name for wave in found.waves] == ["db, cache", "api", "web"]


def test_readiness_follows_from_image_and_ports() -> None:
    found = plain(COMPOSE)
    ready = {member.name: member.ready for wave in found.waves for member in wave.services}
    assert [one.what for one in ready["db"]] == [Ping(service="db", port=5432)]
    assert [one.what for one in ready["api"]] == [Tcp(service="api", port=8000)]
    assert found.connections["db"].database == "main"


def test_a_service_may_name_its_wave_and_never_comes_before_what_it_needs() -> None:
    late = single("x-envcheck: {wave: 3}") + "  b: {image: b}\n  c: {image: c, depends_on: [a]}\n"
    assert levels(plain(late)) == [["b"], ["a"], ["c"]]


def test_services_behind_a_profile_stay_out_unless_asked_for_or_needed() -> None:
    text = services(a="needed", needed="", other="").replace(
        "needed: {", "needed: {profiles: [p], "
    )
    text = text.replace("other: {", "other: {profiles: [q], ")
    assert levels(plain(text)) == [["needed"], ["a"]]
    assert levels(plain(text, {"COMPOSE_PROFILES": "q"})) == [["needed", "other"], ["a"]]


def test_a_long_chain_is_no_trouble() -> None:
    names = [f"s{number}" for number in range(3000)]
    chain = dict(zip(names, ["", *names], strict=False))
    found = plain(services(**dict(reversed(chain.items()))))
    assert len(found.waves) == 3000


def test_a_long_circle_is_told_once() -> None:
    names = [f"s{number}" for number in range(2000)]
    ring = dict(zip(names, [names[-1], *names], strict=False))
    with pytest.raises(ConfigError) as caught:
        plain(services(**ring))
    assert len(caught.value.problems) == 1


def test_the_default_files_are_those_compose_takes() -> None:
    write(
        {
            "docker-compose.yml": COMPOSE,
            "docker-compose.override.yml": "services: {api: {image: 'api:2'}}\n",
        }
    )
    found = read_environment(Path(), {}, registries=KINDS)
    assert (found.name, found.project.services["api"].image) == ("shop", "api:2")
    named = read_environment(Path(), {"COMPOSE_FILE": "docker-compose.yml"}, registries=KINDS)
    assert named.project.services["api"].image == "api:1"
    given = read_environment(Path("docker-compose.yml"), {}, registries=KINDS)
    assert given.project.services["api"].image == "api:1"


def test_problems_of_a_plain_project_are_told_alike() -> None:
    write({"compose.yaml": COMPOSE.replace("image: api", "imagge: api")})
    with pytest.raises(ConfigError) as caught:
        read_compose([Path("compose.yaml")], {}, registries=KINDS, without={"x"})
    assert str(caught.value) == (
        "--without: unknown service 'x'; expected a service of the Compose files\n"
        "    known here: api, db\n"
        "compose.yaml:7:5: service 'api' has no image and no build; expected one of the two"
    )
