"""Every problem a user can make, with the whole text they read."""

from __future__ import annotations

from tests.unit.config.desk import COMPOSE, ENVIRONMENT, WAVE_1, WAVE_2, read, refused, shop, wrong


def test_a_correct_environment_is_read_without_a_word() -> None:
    assert [wave.name for wave in read(shop()).waves] == ["infrastructure", "core"]


def test_an_unknown_key_is_named_with_its_neighbour() -> None:
    wave = WAVE_1.replace("  db:", "  db: {timout: 3m}")
    assert wrong(shop(wave_1=wave)) == (
        "1-infrastructure.yaml:4:8: unknown key 'timout'\n    did you mean 'timeout'?"
    )


def test_an_unknown_key_without_neighbour_shows_what_there_is() -> None:
    assert wrong(shop(environment=ENVIRONMENT + "zzzzzz: 1\n")) == (
        "environment.yaml:3:1: unknown key 'zzzzzz'\n"
        "    known here: compose, connections, fixtures, identities, name, reports, secrets, timeout"
    )


def test_an_unknown_key_deep_inside_a_kind_is_found() -> None:
    verify = (
        "verify:\n  - ping:\n      service: api\n      then:\n        - {service: api, gett: /}\n"
    )
    assert wrong(shop(wave_2=WAVE_2 + verify)) == (
        "2-core.yaml:9:26: unknown key 'gett'\n    did you mean 'get'?"
    )


def test_a_wrong_type_says_what_stands_there() -> None:
    verify = "verify:\n  - ping: {service: api, port: [1], within: soon, topics: {orders: many}}\n"
    assert wrong(shop(wave_2=WAVE_2 + verify)) == (
        "2-core.yaml:6:26: a list; expected a whole number\n"
        "2-core.yaml:6:37: 'soon'; expected a duration such as 500ms, 5s or 1m30s\n"
        "2-core.yaml:6:60: 'many'; expected a whole number"
    )


def test_a_union_tells_every_type_it_would_take() -> None:
    verify = "verify:\n  - ping: {service: api, version: []}\n"
    assert wrong(shop(wave_2=WAVE_2 + verify)) == (
        "2-core.yaml:6:26: a list; expected a whole number or text"
    )


def test_a_missing_key_is_asked_for_where_it_should_stand() -> None:
    verify = "verify:\n  - ping: {port: 1}\n"
    assert wrong(shop(wave_2=WAVE_2 + verify)) == (
        "2-core.yaml:6:5: service is missing; expected a key 'service'"
    )


def test_a_key_written_twice_names_both_lines() -> None:
    assert wrong(shop(compose=COMPOSE + "    image: api:2\n")) == (
        "compose.yaml:10:5: key 'image' is written twice (first in line 7); expected each key once\n"
        "    delete one of them"
    )


def test_a_tab_is_called_a_tab() -> None:
    assert wrong(shop(wave_1="wave: 1\nservices:\n\tdb:\n")).splitlines()[:2] == [
        "1-infrastructure.yaml:3:1: a TAB where YAML needs spaces; expected spaces",
        "    replace the TAB with spaces",
    ]


def test_an_unknown_service_is_compared_with_those_there_are() -> None:
    assert wrong(shop(wave_2=WAVE_2 + "  apo:\n")) == (
        "2-core.yaml:5:3: unknown service 'apo'; expected a service of the Compose files\n"
        "    did you mean 'api'?"
    )


def test_a_service_in_two_waves_is_told_at_the_second() -> None:
    assert wrong(shop(wave_2=WAVE_2 + "  db:\n")) == (
        "2-core.yaml:5:3: service 'db' is in wave 1 already; expected each service in one wave\n"
        "    delete one of them"
    )


def test_a_circle_of_dependencies_is_shown_as_the_way_round() -> None:
    ring = {"a": "b", "b": "c", "c": "a", "d": "a"}
    lines = [f"  {name}: {{image: x, depends_on: [{on}]}}" for name, on in ring.items()]
    assert refused("\n".join(["services:", *lines])) == (
        "1.yaml:2:30: services wait for each other: a → b → c → a"
    )


def test_a_dependency_of_a_later_wave_is_refused_with_the_way_out() -> None:
    first, second = WAVE_1.replace("db", "api"), WAVE_2.replace("api", "db")
    assert wrong(shop(wave_1=first, wave_2=second)) == (
        "compose.yaml:9:18: service 'api' of wave 1 depends on 'db' of wave 2; "
        "expected an earlier or the same wave\n"
        "    move db to wave 1 or before, or api to wave 2"
    )


def test_a_dependency_in_no_wave_is_refused_with_the_way_out() -> None:
    files = shop()
    del files["1-infrastructure.yaml"]
    assert wrong(files) == (
        "compose.yaml:9:18: service 'api' of wave 2 depends on 'db', which stands in no wave file; "
        "expected a service of some wave\n"
        "    add db to wave 2 or before"
    )


def test_a_missing_fixture_is_told_where_the_seed_stands() -> None:
    seed = "seed:\n  - rows: {service: db, file: tenants.yaml}\n"
    assert wrong(shop(wave_1=WAVE_1 + seed)) == (
        "1-infrastructure.yaml:6:5: fixture fixtures/tenants.yaml does not exist; "
        "expected a file in fixtures"
    )


def test_an_unset_required_variable_repeats_the_reason_given() -> None:
    compose = COMPOSE.replace(":-none", ":?the database needs one")
    assert wrong(shop(compose=compose)) == (
        "compose.yaml:4:29: required variable DB_PASSWORD is not set: the database needs one\n"
        "    set DB_PASSWORD in the environment or in .env"
    )


def test_our_own_files_never_turn_an_unset_variable_into_nothing() -> None:
    verify = "verify:\n  - ping: {service: api, version: '${API_VERSION}'}\n"
    assert wrong(shop(wave_2=WAVE_2 + verify)) == (
        "2-core.yaml:6:35: variable API_VERSION is not set\n"
        "    set API_VERSION in the environment or in .env, or write ${API_VERSION:-default}"
    )


def test_an_unknown_identity_is_compared_with_those_there_are() -> None:
    environment = ENVIRONMENT + "identities:\n  demo-admin: {database: {user: demo}}\n"
    verify = "verify:\n  - ping: {service: api, as: demo-admn}\n"
    assert wrong(shop(environment=environment, wave_2=WAVE_2 + verify)) == (
        "2-core.yaml:6:26: unknown identity 'demo-admn'; "
        "expected an identity of environment.yaml\n"
        "    did you mean 'demo-admin'?"
    )


def test_an_unknown_kind_of_check_is_compared_with_the_catalog() -> None:
    assert wrong(shop(wave_2=WAVE_2 + "verify:\n  - pin: {service: api}\n")) == (
        "2-core.yaml:6:5: unknown kind 'pin'\n    did you mean 'ping'?"
    )


def test_an_unknown_kind_of_seed_is_compared_with_the_catalog() -> None:
    assert wrong(shop(wave_2=WAVE_2 + "seed:\n  - row: {service: api}\n")) == (
        "2-core.yaml:6:5: unknown kind 'row'\n    did you mean 'rows'?"
    )


def test_a_missing_secret_says_where_it_could_come_from() -> None:
    environment = ENVIRONMENT + (
        "identities:\n  app: {database: {user: app, password: {secret: NO_SUCH_SECRET}}}\n"
    )
    assert wrong(shop(environment=environment)) == (
        "environment.yaml:4:41: secret 'NO_SUCH_SECRET' is set nowhere\n"
        "    set NO_SUCH_SECRET in the environment or in .env, "
        "or put it into /run/secrets/NO_SUCH_SECRET"
    )


def test_two_files_of_one_wave_number_clash() -> None:
    files = shop() | {"2-more.yaml": "wave: 2\nservices: {}\n"}
    assert wrong(files) == (
        "2-more.yaml:1:1: wave 2 exists already (2-core.yaml:1:1); expected one file per number\n"
        "    give it another number"
    )


def test_a_file_named_for_another_wave_is_told() -> None:
    files = shop()
    files["3-core.yaml"] = files.pop("2-core.yaml")
    assert wrong(files) == "3-core.yaml:1:1: wave 2 in a file named 3-core.yaml; expected wave: 3"


def test_a_missing_compose_file_is_told_where_it_is_named() -> None:
    environment = ENVIRONMENT.replace("[compose.yaml]", "[../other/compose.yaml]")
    assert wrong(shop(environment=environment)) == (
        "environment.yaml:2:11: Compose file ../other/compose.yaml does not exist"
    )


def test_a_check_of_a_service_that_comes_up_later_is_refused() -> None:
    verify = "verify:\n  - ping: {service: db, then: [{service: api}]}\n"
    assert wrong(shop(wave_1=WAVE_1 + verify)) == (
        "1-infrastructure.yaml:6:33: service 'api' comes up only in wave 2; "
        "expected a service of wave 1 to 1"
    )


def test_what_a_request_carries_is_never_taken_for_a_service() -> None:
    checks = (
        "checks:\n  - name: books\n"
        "    request: {service: api, json: {service: haircut, as: a gift}}\n"
    )
    assert wrong(shop(wave_2=WAVE_2 + checks)) == ""


def test_two_recipes_for_one_identity_are_refused() -> None:
    environment = ENVIRONMENT + "identities:\n  a: {database: {user: b}, headers: {X-Key: c}}\n"
    assert wrong(shop(environment=environment)) == (
        "environment.yaml:4:3: identity 'a' has headers and database; expected one recipe"
    )


def test_an_unknown_kind_of_service_is_compared_with_the_servers_we_know() -> None:
    compose = COMPOSE + "    x-envcheck: {kind: databse}\n"
    assert wrong(shop(compose=compose)) == (
        "compose.yaml:10:18: unknown kind of service 'databse'\n    did you mean 'database'?"
    )


def test_without_a_service_that_does_not_exist_is_refused() -> None:
    assert wrong(shop(), without={"dbb"}) == (
        "--without: unknown service 'dbb'; expected a service of the Compose files\n"
        "    did you mean 'db'?"
    )


def test_all_problems_of_all_files_come_in_one_run_sorted_by_place() -> None:
    files = shop(
        compose=COMPOSE + "    enviroment: {}\n",
        environment=ENVIRONMENT + "timeout: soon\nidentities: {a: {database: {usr: b}}}\n",
        wave_1=WAVE_1 + "verfy: []\nverify:\n  - pong: {}\n  - ping: {service: dbb}\n",
        wave_2=WAVE_2.replace("wave: 2", "wave: two"),
    )
    told = [line for line in wrong(files).splitlines() if not line.startswith("    ")]
    assert told == [
        "1-infrastructure.yaml:5:1: unknown key 'verfy'",
        "1-infrastructure.yaml:7:5: unknown kind 'pong'",
        "1-infrastructure.yaml:8:12: unknown service 'dbb'; "
        "expected a service of the Compose files",
        "2-core.yaml:1:1: 'two'; expected a whole number",
        "compose.yaml:10:5: unknown key 'enviroment'",
        "environment.yaml:3:1: 'soon'; expected a duration such as 500ms, 5s or 1m30s",
        "environment.yaml:4:18: user is missing; expected a key 'user'",
        "environment.yaml:4:29: unknown key 'usr'",
    ]


def test_no_problem_shows_a_secret() -> None:
    verify = "verify:\n  - ping: {service: api, port: {secret: API_TOKEN}, version: '${X}'}\n"
    files = shop(wave_2=WAVE_2 + verify, env="API_TOKEN=hunter2-hunter2\n")
    text = wrong(files)
    assert "2-core.yaml:6:26: a mapping; expected a whole number" in text
    assert "hunter2" not in text
