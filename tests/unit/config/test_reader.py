"""A folder of files as one Environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.config.reader import read_environment
from envcheck.errors import ConfigError
from envcheck.model.environment import IdentitySpec, Readiness
from envcheck.model.problem import Place
from envcheck.model.target import Connection
from tests.unit.config.desk import (
    COMPOSE,
    ENVIRONMENT,
    KINDS,
    WAVE_1,
    WAVE_2,
    Api,
    Ping,
    Request,
    Rows,
    Tcp,
    read,
    shop,
    write,
    wrong,
)


def test_an_environment_holds_what_its_files_say(folder: Path) -> None:
    found = read(shop(environment=ENVIRONMENT + "timeout: 5m\nreports: [json, junit=out.xml]\n"))
    assert (found.name, found.folder, found.timeout) == ("shop", Path(), 300.0)
    assert (found.project_name, found.reports) == ("shop", ("json", "junit=out.xml"))
    assert [(wave.number, wave.name, str(wave.place)) for wave in found.waves] == [
        (1, "infrastructure", "1-infrastructure.yaml:1:1"),
        (2, "core", "2-core.yaml:1:1"),
    ]


def test_a_service_says_how_it_is_waited_for() -> None:
    said = (
        "{optional: true, timeout: 3m, successes: 3, stable: 250ms, ready: [ping: {service: api}]}"
    )
    service = read(shop(wave_2=WAVE_2.replace("api:", f"api: {said}"))).waves[1].services[0]
    assert (service.optional, service.readiness) == (True, Readiness(180.0, 3, 0.25))
    assert [(ready.what, str(ready.place)) for ready in service.ready] == [
        (Ping(service="api"), "2-core.yaml:4:75")
    ]


def test_readiness_is_inferred_from_the_server_and_else_from_the_ports() -> None:
    found = read(shop()).waves
    assert [ready.what for ready in found[0].services[0].ready] == [Ping(service="db", port=5432)]
    assert [ready.what for ready in found[1].services[0].ready] == [Tcp(service="api", port=8000)]
    assert found[0].services[0].readiness == Readiness()


def test_an_empty_ready_asks_for_nothing() -> None:
    wave = WAVE_2.replace("api:", "api: {ready: []}")
    assert read(shop(wave_2=wave)).waves[1].services[0].ready == ()


def test_a_service_whose_end_is_awaited_is_a_one_shot_without_readiness() -> None:
    compose = COMPOSE.replace("[db]", "{db: {condition: service_completed_successfully}}")
    service = read(shop(compose=compose)).waves[0].services[0]
    assert (service.one_shot, service.ready) == (True, ())
    said = WAVE_1.replace("db:", "db: {one-shot: false}")
    assert not read(shop(compose=compose, wave_1=said)).waves[0].services[0].one_shot


def test_what_compose_says_of_a_service_counts_in_its_wave() -> None:
    found = read(shop(compose=COMPOSE + "    x-envcheck: {optional: true}\n"))
    assert found.waves[1].services[0].optional


def test_seeds_verification_and_checks_become_their_kinds() -> None:
    write({"fixtures/rows.yaml": "{}"})
    wave = WAVE_2 + (
        "seed:\n  - rows: {service: api, file: rows.yaml}\n"
        "verify:\n  - ping: {service: db}\n    optional: true\n"
        "checks:\n  - name: it answers\n    request: {service: api}\n"
        "  - {name: so does this, optional: true, request: {service: api}}\n"
    )
    found = read(shop(wave_2=wave)).waves[1]
    assert [one.what for one in found.seeds] == [Rows(service="api", file="rows.yaml")]
    assert [(one.what, one.optional) for one in found.verify] == [(Ping(service="db"), True)]
    assert [(one.what, one.optional, str(one.place)) for one in found.checks] == [
        (Api(name="it answers", request=Request(service="api")), False, "2-core.yaml:11:5"),
        (Api(name="so does this", request=Request(service="api")), True, "2-core.yaml:13:5"),
    ]


def test_connections_are_inferred_and_overridden() -> None:
    environment = ENVIRONMENT + "connections: {db: {user: app, port: 6432}, api: {user: me}}\n"
    found = read(shop(environment=environment, env="DB_PASSWORD=secret-word\n"))
    assert found.connections == {
        "db": Connection("database", 6432, "app", "secret-word", "main"),
        "api": Connection("", 8000, "me"),
    }


def test_the_kind_a_service_says_wins_over_its_image() -> None:
    compose = COMPOSE.replace("image: api:1", "image: api:1\n    x-envcheck: {kind: database}")
    assert read(shop(compose=compose)).connections["api"].family == "database"


def test_identities_keep_their_recipe() -> None:
    environment = ENVIRONMENT + (
        "identities:\n"
        "  guest: {}\n"
        "  admin: {login: {service: api, post: /login, json: {a: 1}, token: t, expires-in: e}}\n"
        "  key: {headers: {X-Key: k}}\n"
        "  app: {database: {user: u, password: p}}\n"
        "  old: {jwt: {secret: s, claims: {sub: x}, expires: -60s}}\n"
    )
    found = read(shop(environment=environment)).identities
    place = {name: spec.place.line for name, spec in found.items()}
    assert place == {"nobody": 0, "guest": 4, "admin": 5, "key": 6, "app": 7, "old": 8}
    assert found["nobody"] == IdentitySpec("nobody", "nobody", {}, Place(""))
    assert {name: (spec.recipe, spec.fields) for name, spec in found.items()} == {
        "nobody": ("nobody", {}),
        "guest": ("nobody", {}),
        "admin": (
            "login",
            {
                "service": "api",
                "post": "/login",
                "json": {"a": 1},
                "token": "t",
                "expires_in": "e",
                "headers": {},
            },
        ),
        "key": ("headers", {"X-Key": "k"}),
        "app": ("database", {"user": "u", "password": "p"}),
        "old": (
            "jwt",
            {
                "secret": "s",
                "algorithm": "HS256",
                "claims": {"sub": "x"},
                "expires": -60.0,
                "headers": {},
            },
        ),
    }


def test_an_identity_that_logs_in_at_an_unknown_service_is_refused() -> None:
    environment = ENVIRONMENT + (
        "identities: {a: {login: {service: apo, post: /x, token: t}}}\n"
        "connections: {dbb: {user: x}}\n"
    )
    assert wrong(shop(environment=environment)) == (
        "environment.yaml:3:26: unknown service 'apo'; expected a service of the Compose files\n"
        "    did you mean 'api'?\n"
        "environment.yaml:4:15: unknown service 'dbb'; expected a service of the Compose files\n"
        "    did you mean 'db'?"
    )


def test_our_files_use_variables_and_anchors() -> None:
    wave = WAVE_2 + (
        "verify:\n"
        "  - ping: &p {service: '${TARGET:-api}', within: 2s}\n"
        "  - ping: {<<: *p, port: 1}\n"
    )
    found = read(shop(wave_2=wave)).waves[1].verify
    assert [one.what for one in found] == [
        Ping(service="api", within=2.0),
        Ping(service="api", within=2.0, port=1),
    ]


def test_the_compose_files_may_lie_elsewhere_and_be_several(folder: Path) -> None:
    environment = ENVIRONMENT.replace("[compose.yaml]", "[../app/compose.yaml, more.yaml]")
    files = shop(environment=environment) | {
        "../app/compose.yaml": COMPOSE,
        "../app/.env": "DB_PASSWORD=from-beside\n",
        "more.yaml": "services: {api: {image: 'api:2', volumes: ['./x:/x']}}\n",
    }
    found = read(files).project
    assert (found.name, found.services["api"].image) == ("app", "api:2")
    assert found.services["db"].environment == {"PASSWORD": "from-beside"}
    assert found.services["api"].mounts[0].source == str(folder.parent / "app" / "x")


def test_without_wave_files_the_waves_are_inferred() -> None:
    files = shop()
    found = read({name: files[name] for name in ("compose.yaml", "environment.yaml")})
    assert [[member.name for member in wave.services] for wave in found.waves] == [["db"], ["api"]]


def test_services_run_without_stay_in_their_wave() -> None:
    assert read(shop(), without={"api"}).wave_of("api") == 2


def test_profile_and_scale_reach_the_fixtures() -> None:
    fixtures = read(shop(), profile="full", scale=2.5).fixtures
    assert (fixtures.folder, fixtures.profile, fixtures.scale) == (Path("fixtures"), "full", 2.5)


def test_a_fixture_is_read_as_plain_data_with_secrets_still_references() -> None:
    write({"fixtures/t.yaml": "a: [1, {secret: DEMO_PASSWORD}]\nb: ${B:-x}\n"})
    fixtures = read(shop(env="DEMO_PASSWORD=a-long-one\n")).fixtures
    assert fixtures.read("t.yaml") == {"a": [1, {"secret": "DEMO_PASSWORD"}], "b": "x"}
    assert fixtures.secret("DEMO_PASSWORD") == "a-long-one"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none.yaml", "fixtures/none.yaml: cannot read this file: No such file or directory"),
        ("../compose.yaml", "compose.yaml: a fixture outside of the fixtures' folder"),
        ("bad.yaml", "fixtures/bad.yaml:1:5: this is no YAML: mapping values are not allowed here"),
    ],
)
def test_a_fixture_that_cannot_be_read_is_told(name: str, told: str) -> None:
    write({"fixtures/bad.yaml": "a: b: c"})
    fixtures = read(shop()).fixtures
    with pytest.raises(ConfigError) as caught:
        fixtures.read(name)
    assert str(caught.value) == told


def test_a_secret_fixture_that_is_set_nowhere_is_told() -> None:
    with pytest.raises(ConfigError, match="secret 'GONE' is set nowhere"):
        read(shop()).fixtures.secret("GONE")


def test_an_environment_is_named_by_its_folder_or_its_file() -> None:
    write(shop())
    for path in (Path(), Path("environment.yaml")):
        assert read_environment(path, {}, registries=KINDS).name == "shop"


def test_a_folder_without_anything_of_ours_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        read_environment(Path(), {})
    assert str(caught.value) == ".: no environment here; expected environment.yaml or compose.yaml"
    with pytest.raises(ConfigError, match=r"^none: no such file or folder"):
        read_environment(Path("none"), {})
