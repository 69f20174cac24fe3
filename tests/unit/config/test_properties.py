"""Whatever a file holds, reading answers with an Environment or with ConfigError."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envcheck.config.document import parsed
from envcheck.config.dotenv import read_variables
from envcheck.config.interpolate import BadTemplate, Template
from envcheck.config.problems import Problems, Wrong
from envcheck.config.reader import read_compose, read_environment
from envcheck.errors import ConfigError
from envcheck.model.environment import Environment
from tests.unit.config.desk import ENVIRONMENT, KINDS, shop

RICH = shop(
    compose="""\
name: ${NAME:-shop}
x-base: &base {restart: always, labels: [a=b]}
services:
  db:
    <<: *base
    image: db:1
    command: [a, 'b c']
    environment: {PASSWORD: "${DB_PASSWORD:-none}", LIST: 1.5}
    ports: ["127.0.0.1:5432:5432", {target: 9}]
    volumes: [data:/data, ./x:/y:ro]
    healthcheck: {test: [CMD, x], interval: 5s, retries: 3}
    deploy: {replicas: 2, resources: {limits: {memory: 1g}}}
    x-envcheck: {kind: database, embedded: {command: [x], directory: .}}
  api:
    extends: {service: db}
    build: {context: ., args: {A: 1}}
    depends_on: {db: {condition: service_healthy}}
    env_file: [{path: none, required: false}]
volumes: {data: {}}
secrets: {s: {file: ./s}}
""",
    environment=ENVIRONMENT
    + """\
timeout: 1m
fixtures: .
identities:
  a: {login: {service: api, post: /x, json: {p: {secret: DB_PASSWORD}}, token: t}}
  b: {jwt: {secret: x, claims: {}, expires: -60s}}
connections: {db: {port: 1}}
""",
    wave_1="wave: 1\nservices: {db: {timeout: 3m, ready: [{ping: {service: db}}]}}\n"
    "seed: [{rows: {service: db, file: .env}}]\n",
    wave_2="wave: 2\nservices: {api: }\nverify:\n  - ping: {service: api, then: [{service: db}]}\n"
    "checks: [{name: x, as: a, request: {service: api}}]\n",
    env="DB_PASSWORD='word of db'\nNAME=n\n",
)
NAMES = sorted(RICH)
RECOMMENDER = (Path(__file__).parents[3] / "compose/recommender/compose.yaml").read_text("utf-8")
PIECES = st.sampled_from(
    ["\t", "\n", " ", ":", "- ", "{", "}", "[", "]", "&a ", "*a", "*base", "<<: ", "!x ", "!reset ", "${", "}",
     "$A", "'", '"', "#", "|\n", "? ", "0", "-1", "1e999", ".nan", "null", "true", "services:", "db", "\x00",
     "é", "\u2028", "~", "%YAML 9.9\n", "---\n", "...\n", "99999999999999999999", "secret: X", "extends: api", "\\"]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """One of the files with a few pieces cut out, doubled, or put in."""
    name = draw(st.sampled_from(NAMES))
    text = RICH[name]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(PIECES | st.just("") | st.just(text[start:end] * 2)) + text[end:]
    return name, text


def read(files: dict[str, str]) -> Environment | ConfigError:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8", newline="")
        try:
            return read_environment(Path(folder), {}, registries=KINDS)
        except ConfigError as error:
            return error


def test_the_document_that_is_mutated_is_correct() -> None:
    assert isinstance(read(RICH), Environment)


@given(mutated())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_document_is_read_or_refused_with_places(change: tuple[str, str]) -> None:
    name, text = change
    answer = read({**RICH, name: text})
    if isinstance(answer, ConfigError):
        assert answer.problems
        assert all(str(problem) for problem in answer.problems)


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_recommender_is_read_or_refused_by_every_server_we_know(
    data: st.DataObject,
) -> None:
    lines = RECOMMENDER.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, min(len(lines), first + 3)))
    lines[first:last] = [*data.draw(st.permutations(lines[first:last])), data.draw(PIECES)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "compose.yaml"
        path.write_text("".join(lines), encoding="utf-8", newline="")
        with contextlib.suppress(ConfigError):
            assert read_compose([path], {}).waves


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_yaml_or_refused(text: str) -> None:
    with contextlib.suppress(Wrong):
        parsed(text, "x", Problems())


@given(st.text(alphabet="${}:-+?AB x", max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_template_is_replaced_or_refused(text: str) -> None:
    with contextlib.suppress(BadTemplate):
        assert "\x00" not in Template({"A": "a"}.get).expand(text)


@given(st.text(max_size=60))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_env_file_is_read_or_refused(text: str) -> None:
    Path(".env").write_text(text, encoding="utf-8", newline="", errors="replace")
    problems = Problems()
    read_variables(Path(".env"), {}.get, problems)
    with contextlib.suppress(ConfigError):
        problems.demand()
