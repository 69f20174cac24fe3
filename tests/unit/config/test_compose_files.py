"""Several files as one project: overrides, extends, include, names."""

from __future__ import annotations

from pathlib import Path

import pytest

from envcheck.model.compose import Edge, Gate, Mount, Port
from tests.unit.config.desk import project, refused, single, write


def test_a_later_file_overrides_as_compose_merges() -> None:
    base = single(
        "command: [old, words]\nenvironment: {A: 1, B: 1}\nports: ['80:80']\nlabels: [x=1]\n"
        "depends_on: [b]\nvolumes: ['./old:/data', './keep:/keep']\nrestart: always\n"
        "healthcheck: {test: old, retries: 9}\nbuild: ./old"
    )
    over = single(
        "command: new\nenvironment: [B=2, C=3]\nports: ['81:81']\nlabels: {y: 2}\n"
        "depends_on: {c: {condition: service_healthy}}\nvolumes: ['./new:/data']\nrestart:\n"
        "healthcheck: {test: new}\nbuild: {target: t}"
    ).replace("image: a:1", "image: a:2")
    others = "  b: {image: b}\n  c: {image: c}\n"
    found = project(base + others, over).services["a"]
    assert (found.image, found.command, found.restart) == ("a:2", ("new",), "always")
    assert found.environment == {"A": "1", "B": "2", "C": "3"}
    assert found.ports == (Port(80, 80), Port(81, 81))
    assert found.labels == {"x": "1", "y": "2"}
    assert found.depends_on == (Edge("b"), Edge("c", Gate.HEALTHY))
    assert [Path(mount.source).name for mount in found.mounts] == ["new", "keep"]
    assert found.healthcheck is not None
    assert (found.healthcheck.test, found.healthcheck.retries) == (("CMD-SHELL", "new"), 9)
    assert found.build is not None
    assert (Path(found.build.context).name, found.build.target) == ("old", "t")


def test_reset_and_override_do_what_compose_does() -> None:
    base = single("ports: ['80:80']\nenvironment: {A: 1}\ncommand: [x]")
    over = "services:\n  a:\n    ports: !override ['81:81']\n    environment: !reset\n"
    found = project(base, over).services["a"]
    assert (found.ports, found.environment, found.command) == ((Port(81, 81),), {}, ("x",))


def test_files_that_do_not_fit_are_told() -> None:
    assert refused(single("cap_add: [X]"), "services: {a: {cap_add: X}}") == (
        "2.yaml:1:25: 'X' laid over a list; expected a list"
    )


def test_a_service_extends_another_of_the_same_file() -> None:
    text = (
        "services:\n"
        "  base: {image: x, environment: {A: 1, B: 1}, command: [x]}\n"
        "  middle: {extends: base, environment: {B: 2}}\n"
        "  a: {extends: {service: middle}, environment: {C: 3}}\n"
    )
    found = project(text).services["a"]
    assert (found.image, found.environment) == ("x", {"A": "1", "B": "2", "C": "3"})


def test_a_service_of_another_file_keeps_its_own_folder(folder: Path) -> None:
    write(
        {
            "sub/base.yaml": "services:\n  base:\n    extends: {service: deep, file: more/deep.yaml}\n"
            "    volumes: ['./conf:/conf']\n",
            "sub/more/deep.yaml": "services:\n  deep: {build: .}\n",
        }
    )
    text = "services:\n  a:\n    extends: {service: base, file: ./sub/base.yaml}\n    volumes: ['./own:/own']\n"
    found = project(text).services["a"]
    assert found.build is not None
    assert found.build.context == str(folder / "sub" / "more")
    assert found.mounts == (
        Mount("bind", str(folder / "sub" / "conf"), "/conf"),
        Mount("bind", str(folder / "own"), "/own"),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "services:\n  a: {extends: b}\n  b: {extends: a}\n",
            "1.yaml:2:7: extends goes in a circle: a → b → a\n"
            "1.yaml:3:7: extends goes in a circle: b → a → b",
        ),
        (
            "services:\n  a: {image: x, extends: aa}\n",
            "1.yaml:2:26: extends an unknown service 'aa'\n    did you mean 'a'?",
        ),
        (
            "services:\n  a: {image: x, extends: {file: x.yaml}}\n",
            "1.yaml:2:26: extends without service; expected {service: NAME, file: PATH}",
        ),
        (
            "services:\n  a: {image: x, extends: {service: b, file: none.yaml}}\n",
            "1.yaml:2:45: none.yaml does not exist; expected a Compose file",
        ),
    ],
)
def test_what_cannot_be_extended_is_told(text: str, told: str) -> None:
    assert refused(text) == told


def test_an_included_project_reads_its_own_env_and_folder(folder: Path) -> None:
    write(
        {
            "sub/compose.yaml": single("build: ./app\nenvironment: {V: '${V}', W: '${W}'}").replace(
                "  a:", "  inner:"
            ),
            "sub/.env": "V=inner\nW=inner\n",
        }
    )
    text = "include: [sub/compose.yaml]\n" + single("depends_on: [inner]")
    found = project(text, env={"W": "outer"}).services
    assert list(found) == ["inner", "a"]
    assert found["inner"].build is not None
    assert found["inner"].build.context == str(folder / "sub" / "app")
    assert found["inner"].environment == {"V": "inner", "W": "outer"}


def test_an_include_may_name_folder_and_env_file(folder: Path) -> None:
    write(
        {
            "sub/compose.yaml": "services: {b: {build: ./app, environment: {V: '${V}'}}}\n",
            "my.env": "V=mine\n",
        }
    )
    text = "include:\n  - {path: sub/compose.yaml, project_directory: ., env_file: my.env}\n"
    found = project(text + single("")).services["b"]
    assert found.build is not None
    assert (found.build.context, found.environment) == (str(folder / "app"), {"V": "mine"})


def test_an_include_that_defines_our_service_is_a_conflict() -> None:
    write({"sub.yaml": single("")})
    assert refused("include: [sub.yaml]\n" + single("")) == (
        "1.yaml:3:3: services 'a' is included and defined here as well; expected one definition\n"
        "    rename one of them"
    )


def test_an_included_file_that_does_not_exist_is_told() -> None:
    assert refused("include: [sub/none.yaml]\n" + single("")) == (
        "1.yaml:1:11: sub/none.yaml does not exist; expected a Compose file"
    )


def test_an_include_of_itself_ends() -> None:
    assert "include goes in a circle" in refused("include: [1.yaml]\n" + single(""))


def test_unset_variables_are_collected_with_their_places() -> None:
    found = project(single("environment: {A: '${GONE}', B: '${GONE:-x}', C: $ALSO}"))
    assert [(name, str(place)) for name, place in found.unset] == [
        ("GONE", "1.yaml:4:22"),
        ("ALSO", "1.yaml:4:53"),
    ]


def test_variables_come_from_the_environment_over_env_file() -> None:
    write({".env": "A=file\nB=file\n"})
    found = project(single("environment: {A: $A, B: $B}"), env={"A": "outside"})
    assert found.services["a"].environment == {"A": "outside", "B": "file"}


def test_the_name_is_said_or_made_of_the_folder() -> None:
    assert project(single("")).name == "shop"
    assert project("name: mine\n" + single("")).name == "mine"
    assert project("name: ${N:-other}\n" + single("")).name == "other"
    assert project("name: mine\n" + single(""), env={"COMPOSE_PROJECT_NAME": "Won!"}).name == "won"
    used = project("name: mine\n" + single("environment: {P: $COMPOSE_PROJECT_NAME}"))
    assert used.services["a"].environment == {"P": "mine"}


def test_a_name_compose_would_refuse_is_refused() -> None:
    assert refused("name: My Shop\n" + single("")) == (
        "1.yaml:1:7: project name 'My Shop'; expected lower-case letters, digits, - and _ only"
    )


def test_secrets_of_files_are_found_from_anywhere(folder: Path) -> None:
    text = single("") + "secrets: {token: {file: ./token.txt}, other: {environment: OTHER}}\n"
    assert project(text).secrets == {
        "token": {"file": str(folder / "token.txt")},
        "other": {"environment": "OTHER"},
    }
