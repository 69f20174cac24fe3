"""One service, key by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.model.compose import Build, Edge, EmbeddedForm, Gate, Healthcheck, Mount, Port
from tests.unit.config.desk import project, refused, service, single, write


@pytest.mark.parametrize(
    ("written", "ports"),
    [
        ("['80']", [Port(80)]),
        ("[80]", [Port(80)]),
        ("['8080:80']", [Port(80, 8080)]),
        ("[22:22]", [Port(22, 22)]),
        ("['127.0.0.1:8080:80/udp']", [Port(80, 8080, "127.0.0.1", "udp")]),
        ("['127.0.0.1::80']", [Port(80, 0, "127.0.0.1")]),
        ("['[::1]:8080:80']", [Port(80, 8080, "::1")]),
        ("['3000-3001:4000-4001']", [Port(4000, 3000), Port(4001, 3001)]),
        ("['3000-3001']", [Port(3000), Port(3001)]),
        ("['9000-9010:80']", [Port(80)]),
        ("['80:80', '80:80']", [Port(80, 80)]),
        ("[{target: 80, published: '8080', host_ip: 127.0.0.1}]", [Port(80, 8080, "127.0.0.1")]),
        ("[{target: 53, published: 53, protocol: udp, mode: host}]", [Port(53, 53, "", "udp")]),
        ("[{target: 80}]", [Port(80)]),
    ],
)
def test_ports_are_read_short_and_long(written: str, ports: list[Port]) -> None:
    assert service(f"ports: {written}").ports == tuple(ports)


EXPECTED_PORT = "[[IP:]PUBLISHED:]CONTAINER[/tcp|udp], such as 127.0.0.1:5432:5432"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[x]", f"1.yaml:4:13: 'x'; expected {EXPECTED_PORT}"),
        ("['80:x']", f"1.yaml:4:13: '80:x'; expected {EXPECTED_PORT}"),
        (
            "['70000']",
            "1.yaml:4:13: '70000' is no port; expected a port from 1 to 65535, or a range of them",
        ),
        (
            "['10-5']",
            "1.yaml:4:13: '10-5' is no port; expected a port from 1 to 65535, or a range of them",
        ),
        ("['1-2:5-9']", "1.yaml:4:13: 1-2 and 5-9 differ in length; expected ranges of one length"),
        ("{80: 80}", "1.yaml:4:12: a mapping; expected a list of ports"),
        (
            "[{published: 80}]",
            "1.yaml:4:13: a port without target; expected target: the port in the container",
        ),
        (
            "[{target: 80, hostip: x}]",
            "1.yaml:4:26: unknown key 'hostip'\n    did you mean 'host_ip'?",
        ),
    ],
)
def test_what_is_no_port_is_refused(written: str, told: str) -> None:
    assert refused(single(f"ports: {written}")) == told


def test_exposed_ports_are_numbers() -> None:
    assert service("expose: ['29092', 80, 90-91, 53/udp]").expose == (29092, 80, 90, 91, 53)


def test_mounts_are_read_short_and_long(folder: Path) -> None:
    found = project(
        single(
            "volumes:\n"
            "  - data:/data\n"
            "  - ./conf:/etc/conf:ro\n"
            "  - ../up:/up:rw,z\n"
            "  - /abs:/abs\n"
            "  - ~/home:/home\n"
            "  - /anonymous\n"
            "  - {type: bind, source: ./long, target: /long, read_only: true}\n"
            "  - {type: volume, source: data, target: /second}\n"
            "  - {type: tmpfs, target: /tmp, tmpfs: {size: 1m}}"
        )
        + "volumes: {data: }\n",
        env={"HOME": "/users/me"},
    )
    assert found.services["a"].mounts == (
        Mount("volume", "data", "/data"),
        Mount("bind", str(folder / "conf"), "/etc/conf", True),
        Mount("bind", str(folder.parent / "up"), "/up"),
        Mount("bind", "/abs", "/abs"),
        Mount("bind", "/users/me/home", "/home"),
        Mount("volume", "", "/anonymous"),
        Mount("bind", str(folder / "long"), "/long", True),
        Mount("volume", "data", "/second"),
        Mount("tmpfs", "", "/tmp"),
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "['a:b:c:d']",
            "1.yaml:4:15: 'a:b:c:d'; expected [SOURCE:]TARGET[:ro], such as ./data:/data:ro",
        ),
        (
            "['d:/d']",
            "1.yaml:4:15: volume name 'd' is read as a drive letter; expected two letters or more",
        ),
        ("['none:/d']", "1.yaml:4:5: service 'a' uses the undefined volume 'none'"),
        ("[{type: bnd, target: /x}]", "1.yaml:4:22: unknown type 'bnd'\n    did you mean 'bind'?"),
        (
            "[{type: bind}]",
            "1.yaml:4:15: a volume without type or target; expected both type and target",
        ),
    ],
)
def test_what_is_no_mount_is_refused(written: str, told: str) -> None:
    assert refused(single(f"volumes: {written}")) == told


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ("[a, 'b c', 1, true]", ("a", "b c", "1", "true")),
        ("a 'b c' \"d e\"", ("a", "b c", "d e")),
        ("", ()),
        ("[]", ()),
    ],
)
def test_a_command_is_words_or_a_list(written: str, command: tuple[str, ...]) -> None:
    found = service(f"command: {written}\nentrypoint: {written}")
    assert (found.command, found.entrypoint) == (command, command)


def test_a_command_with_an_open_quote_is_refused() -> None:
    assert refused(single("command: echo 'x")) == (
        '1.yaml:4:14: "echo \'x": No closing quotation; expected balanced quotes'
    )


def test_the_environment_is_a_mapping_or_a_list() -> None:
    wanted = {"A": "1", "B": "true", "C": "3.1", "D": "", "F": "from outside"}
    mapping = "environment:\n  A: 1\n  B: true\n  C: 3.10\n  D: ''\n  E:\n  F:"
    listed = "environment: [A=1, B=true, C=3.1, D=, E, F]"
    env = {"F": "from outside"}
    assert service(mapping, env).environment == wanted
    assert service(listed, env).environment == wanted


def test_env_files_come_first_and_may_be_missing_only_when_said() -> None:
    write({"a.env": "A=file\nB=file\nC=${X:-d}\n", "b.env": "B=second\n"})
    found = service(
        "env_file:\n  - a.env\n  - {path: b.env}\n  - {path: no.env, required: false}\n"
        "environment: {A: own}"
    )
    assert found.environment == {"A": "own", "B": "second", "C": "d"}


def test_a_raw_env_file_is_taken_as_it_stands() -> None:
    write({"raw.env": "A='$HOME'\n# B=1\nC\n"})
    found = service("env_file: [{path: raw.env, format: raw}]")
    assert found.environment == {"A": "'$HOME'"}


def test_a_missing_env_file_points_to_its_sample() -> None:
    write({"x.env.example": ""})
    assert refused(single("env_file: x.env")) == (
        "1.yaml:4:15: env_file x.env does not exist\n    copy x.env.example"
    )


@pytest.mark.parametrize(
    ("written", "check"),
    [
        ("{test: curl -f x}", Healthcheck(("CMD-SHELL", "curl -f x"))),
        ("{test: [CMD, a, b]}", Healthcheck(("CMD", "a", "b"))),
        ("{test: [NONE]}", Healthcheck(disabled=True)),
        ("{disable: true}", Healthcheck(disabled=True)),
        (
            "{test: x, interval: 1m30s, timeout: 1.5s, retries: 5, start_period: 500ms, start_interval: 1h}",
            Healthcheck(("CMD-SHELL", "x"), 90.0, 1.5, 5, 0.5, 3600.0),
        ),
    ],
)
def test_healthchecks_are_read_in_seconds(written: str, check: Healthcheck) -> None:
    assert service(f"healthcheck: {written}").healthcheck == check


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "{test: [curl, x]}",
            "1.yaml:4:25: a list; expected text, or a list that starts with CMD, CMD-SHELL",
        ),
        ("{interval: 5}", "1.yaml:4:29: 5; expected a duration such as 1m30s"),
        ("{interval: 5 s}", "1.yaml:4:29: '5 s'; expected a duration such as 1m30s"),
        ("{retires: 5}", "1.yaml:4:19: unknown key 'retires'\n    did you mean 'retries'?"),
    ],
)
def test_what_is_no_healthcheck_is_refused(written: str, told: str) -> None:
    assert refused(single(f"healthcheck: {written}")) == told


def test_dependencies_are_a_list_or_a_mapping() -> None:
    others = "  b: {image: b}\n  c: {image: c}\n"
    listed = project(single("depends_on: [b, c]") + others).services["a"]
    mapped = project(
        single(
            "depends_on:\n  b: {condition: service_healthy, restart: true}\n  c: {condition: service_completed_successfully, required: false}"
        )
        + others
    ).services["a"]
    assert listed.depends_on == (Edge("b"), Edge("c"))
    assert mapped.depends_on == (
        Edge("b", Gate.HEALTHY, restart=True),
        Edge("c", Gate.COMPLETED, required=False),
    )


def test_links_and_shared_namespaces_order_services_too() -> None:
    others = "".join(f"  {name}: {{image: x}}\n" for name in "bcd")
    keys = "links: ['b:alias']\nnetwork_mode: service:c\nvolumes_from: ['d:ro']"
    found = project(single(keys) + others).services["a"].depends_on
    assert {edge.on for edge in found} == {"b", "c", "d"}


def test_an_optional_dependency_that_does_not_exist_is_let_go() -> None:
    assert service("depends_on: {gone: {required: false}}").depends_on == ()


def test_an_unknown_dependency_and_condition_are_refused() -> None:
    keys = "depends_on: {aa: {condition: service_started}}"
    assert refused(single(keys)) == (
        "1.yaml:4:18: service 'a' depends on the unknown service 'aa'\n    did you mean 'a'?"
    )
    other = "  b: {image: x}\n"
    assert refused(single("depends_on: {b: {condition: healthy}}") + other) == (
        "1.yaml:4:33: unknown condition 'healthy'\n    did you mean 'service_healthy'?"
    )


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("mem_limit: 512m", 512 << 20),
        ("mem_limit: 1073741824", 1 << 30),
        ("mem_limit: 1.5gb", 3 << 29),
    ],
)
def test_memory_is_bytes(written: str, size: int) -> None:
    assert service(written).memory_limit == size


def test_deploy_gives_replicas_and_memory() -> None:
    found = service("deploy: {replicas: 3, resources: {limits: {memory: 64M}}}")
    assert (found.replicas, found.memory_limit) == (3, 64 << 20)
    assert found.extra["deploy"]["replicas"] == 3
    assert service("scale: 2").replicas == 2


def test_a_build_is_short_or_long(folder: Path) -> None:
    assert service("build: ./app").build == Build(str(folder / "app"))
    long = "build: {context: ., dockerfile: D, target: t, args: {A: 1, B: }, cache_from: [x]}"
    assert service(long, {"B": "b"}).build == Build(str(folder), "D", "t", {"A": "1", "B": "b"})
    remote = "build: https://example.org/repo.git#main"
    assert service(remote).build == Build("https://example.org/repo.git#main")


def test_the_plain_keys_are_read() -> None:
    found = service(
        "restart: on-failure:3\nprofiles: [debug]\nlabels: [a=b, c]\ncontainer_name: x\nhostname: h\n"
        "working_dir: /w\nuser: 1000\nstop_signal: SIGINT\nstop_grace_period: 1m\nnetwork_mode: host"
    )
    assert (found.restart, found.profiles, found.labels) == (
        "on-failure:3",
        ("debug",),
        {"a": "b", "c": ""},
    )
    assert (found.container_name, found.hostname, found.working_dir) == ("x", "h", "/w")
    assert (found.user, found.stop_signal, found.stop_grace_period) == ("1000", "SIGINT", 60.0)
    assert found.network_mode == "host"


def test_what_we_do_not_read_is_carried() -> None:
    found = service("cap_add: [NET_ADMIN]\nx-mine: {a: 1}\nulimits: {nofile: 10}")
    assert found.extra == {"cap_add": ["NET_ADMIN"], "x-mine": {"a": 1}, "ulimits": {"nofile": 10}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            single("enviroment: {}"),
            "1.yaml:4:5: unknown key 'enviroment'\n    did you mean 'environment'?",
        ),
        (
            single("restart: sometimes"),
            "1.yaml:4:14: 'sometimes'; expected no, always, unless-stopped or on-failure[:N]",
        ),
        (single("mem_limit: lots"), "1.yaml:4:16: 'lots'; expected a size such as 512m or 2g"),
        (single("deploy: {replicas: many}"), "1.yaml:4:24: 'many'; expected a whole number"),
        (
            single("environment: nothing"),
            "1.yaml:4:18: 'nothing'; expected a mapping or a list of NAME=value",
        ),
        (
            single("image: [a]").replace("    image: a:1\n", ""),
            "1.yaml:3:12: a list; expected text",
        ),
        (single("networks: [none]"), "1.yaml:4:5: service 'a' uses the undefined network 'none'"),
        (
            single("build: {contxt: .}"),
            "1.yaml:4:13: unknown key 'contxt'\n    did you mean 'context'?",
        ),
        (
            single("deploy: {replcas: 3, resources: {limits: {cpu: 1}}}"),
            "1.yaml:4:14: unknown key 'replcas'\n    did you mean 'replicas'?\n"
            "1.yaml:4:47: unknown key 'cpu'\n    did you mean 'cpus'?",
        ),
        (
            single("networks: {default: {alias: [x]}}"),
            "1.yaml:4:26: unknown key 'alias'\n    did you mean 'aliases'?",
        ),
        (
            single("env_file: [{path: x, requird: false}]"),
            "1.yaml:4:23: env_file x does not exist\n    create it, or say required: false\n"
            "1.yaml:4:26: unknown key 'requird'\n    did you mean 'required'?",
        ),
        (
            single("") + "volumes: {v: {drivr: x}}\n",
            "1.yaml:4:15: unknown key 'drivr'\n    did you mean 'driver'?",
        ),
        (
            "services:\n  a: {restart: always}\n",
            "1.yaml:2:6: service 'a' has no image and no build; expected one of the two",
        ),
        ("services:\n  a: x\n", "1.yaml:2:6: service 'a' is no mapping; expected a mapping"),
        ("services: [a]\n", "1.yaml:1:11: a list; expected a mapping of services"),
        (
            "service: {}\n",
            "1.yaml: no services; expected a key 'services'\n1.yaml:1:1: unknown key 'service'\n    did you mean 'services'?",
        ),
    ],
)
def test_what_we_do_not_understand_is_refused_by_name(text: str, told: str) -> None:
    assert refused(text) == told


def test_our_own_block_is_read(folder: Path) -> None:
    found = service(
        "x-envcheck:\n  kind: s3\n  wave: 2\n  optional: true\n  one-shot: true\n  embedded:\n"
        "    command: [run, it]\n    directory: ./app\n    requirements: ./app/requirements.txt"
    )
    assert (found.kind, found.wave, found.optional, found.one_shot) == ("s3", 2, True, True)
    assert found.embedded == EmbeddedForm(
        ("run", "it"), folder / "app", folder / "app" / "requirements.txt"
    )


def test_labels_say_the_same_for_those_who_cannot_write_a_block() -> None:
    labels = "labels: {envcheck.kind: kafka, envcheck.wave: '3', envcheck.optional: 'true', envcheck.one-shot: 'false'}"
    found = service(labels)
    assert (found.kind, found.wave, found.optional, found.one_shot) == ("kafka", 3, True, False)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("x-envcheck: {knd: s3}", "1.yaml:4:18: unknown key 'knd'\n    did you mean 'kind'?"),
        ("x-envcheck: {embedded: {}}", "1.yaml:4:18: command is missing; expected a key 'command'"),
        ("x-envcheck: {embedded: {command: run}}", "1.yaml:4:29: 'run'; expected a list"),
        ("x-envcheck: [s3]", "1.yaml:4:5: a list; expected a mapping"),
        (
            "labels: {envcheck.wav: 1}",
            "1.yaml:4:5: unknown label 'envcheck.wav'\n    did you mean 'envcheck.wave'?",
        ),
        ("labels: {envcheck.wave: soon}", "1.yaml:4:5: 'soon'; expected a whole number"),
    ],
)
def test_our_own_words_are_checked_like_any_other(keys: str, told: str) -> None:
    assert refused(single(keys)) == told
