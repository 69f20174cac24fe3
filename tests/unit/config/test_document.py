"""YAML 1.2 with places, and caps that hold before anything grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envcheck.config.document import parsed, read_mapping, shown
from envcheck.config.nodes import Fields, Items, plain
from envcheck.config.problems import Problems
from envcheck.errors import ConfigError
from tests.unit.config.desk import write


def data(text: str) -> Any:
    problems = Problems()
    found = plain(parsed(text, "f.yaml", problems))
    problems.demand()
    return found


def wrong(text: str | bytes) -> str:
    Path("f.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    problems = Problems()
    read_mapping(Path("f.yaml"), problems)
    try:
        problems.demand()
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("22:22", "22:22"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("2026-11-21", "2026-11-21"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("tRue", "tRue"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("0755", 755),
        ("0o755", 493),
        ("0xff", 255),
        ("-7", -7),
        ("3.10", 3.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ("1.2.3", "1.2.3"),
        ("'8080'", "8080"),
        ('"true"', "true"),
        ("! 12", "12"),
        ("!!str 12", "12"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    found = data(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_a_number_no_machine_holds_stays_text() -> None:
    assert data("a: " + "9" * 5000)["a"] == "9" * 5000


def test_every_key_and_value_knows_its_place() -> None:
    tree = parsed("a:\n  - b: 1\n    c: {d: x}\n", "f.yaml", Problems())
    assert isinstance(tree, Fields)
    listed = tree.fields["a"]
    assert isinstance(listed, Items)
    entry = listed.items[0]
    assert isinstance(entry, Fields)
    inner = entry.fields["c"]
    assert isinstance(inner, Fields)
    assert str(entry.keys["c"]) == "f.yaml:3:5"
    assert str(inner.fields["d"].place) == "f.yaml:3:12"


def test_an_alias_stands_for_its_anchor() -> None:
    assert data("a: &x [1, {b: 2}]\nc: *x\n") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_a_merge_gives_way_to_own_keys_and_the_first_of_a_list_wins() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: own\n"
    assert data(text)["c"] == {"x": "own", "y": 1, "z": 2}


def test_a_merge_of_a_merge_carries_on() -> None:
    text = "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n"
    assert data(text)["c"] == {"x": 1, "y": 2}


def test_a_quoted_merge_sign_is_a_plain_key() -> None:
    assert data("a: {'<<': 1}") == {"a": {"<<": 1}}


def test_merging_what_is_no_mapping_is_refused() -> None:
    assert (
        wrong("a: {<<: [1]}")
        == "f.yaml:1:10: << merges something that is no mapping; expected a mapping"
    )


def test_an_alias_without_anchor_is_refused() -> None:
    assert wrong("a: *b") == "f.yaml:1:4: *b names no anchor above it; expected an anchor"


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    assert wrong("a: &a [*a]") == "f.yaml:1:8: *a names no anchor above it; expected an anchor"


def test_a_key_written_twice_is_told_for_each() -> None:
    assert wrong("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n").splitlines()[::2] == [
        "f.yaml:4:3: key 'c' is written twice (first in line 3); expected each key once",
        "f.yaml:5:1: key 'a' is written twice (first in line 1); expected each key once",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "f.yaml:1:6: this is no YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: b: c", "f.yaml:1:5: this is no YAML: mapping values are not allowed here"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document (---); expected one document"),
        ("? [a]\n: 1\n", "f.yaml:1:3: a key that is not text; expected text"),
        (
            "a: !python/object:os.system x",
            "f.yaml:1:4: unknown tag !python/object:os.system; expected no tag\n    remove it",
        ),
        ("- a\n- b\n", "f.yaml:1:1: a list; expected a mapping"),
        ("", "f.yaml: the file is empty; expected a mapping"),
        ("a: x\x07y", "f.yaml:1:5: a control character that YAML does not allow"),
        (b"a: 1\nb: \xff\xfe\n", "f.yaml:2:1: bytes that are not UTF-8; expected UTF-8"),
        (
            "a:\n  b: 1\n\tc: 2\n",
            "f.yaml:3:1: a TAB where YAML needs spaces; expected spaces\n    replace the TAB with spaces",
        ),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(text: str | bytes, told: str) -> None:
    assert wrong(text) == told


def test_a_byte_order_mark_is_no_content() -> None:
    Path("f.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert plain(read_mapping(Path("f.yaml"), Problems())) == {"a": 1}


def test_a_missing_file_and_a_folder_are_told() -> None:
    write({"folder/x": ""})
    problems = Problems()
    read_mapping(Path("gone.yaml"), problems)
    read_mapping(Path("folder"), problems)
    with pytest.raises(ConfigError) as caught:
        problems.demand()
    assert str(caught.value) == (
        "folder: cannot read this file: Is a directory\n"
        "gone.yaml: cannot read this file: No such file or directory"
    )


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_an_alias_bomb_of_300_bytes_is_refused_before_it_grows() -> None:
    assert len(BOMB) < 400
    assert wrong(BOMB).splitlines() == [
        "f.yaml:6:8: aliases that write out to more than 100,000 values; expected at most 100,000",
        "    this is how an alias bomb looks; write the values out or use fewer aliases",
    ]


def test_a_bomb_of_merged_mappings_stays_small() -> None:
    steps = zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
    lines = [f"{name}: &{name} {{<<: [*{before}, *{before}], {name}: 1}}" for before, name in steps]
    assert len(data("a: &a {z: 1}\n" + "\n".join(lines))["q"]) == 17


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 65 + "]" * 65,
        "a: " + "{b: " * 65 + "1" + "}" * 65,
        "".join("  " * depth + "a:\n" for depth in range(70)),
        "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30,
    ],
)
def test_nesting_is_capped(text: str) -> None:
    assert "nesting deeper than 64 levels; expected at most 64 levels" in wrong(text)


def test_a_wall_of_brackets_is_refused_before_it_is_scanned() -> None:
    assert wrong("a: " + "[" * 900_000) == (
        "f.yaml:1:1: brackets nested more than 64 deep; expected at most 64 levels"
    )


def test_a_file_of_more_than_a_mebibyte_is_not_read() -> None:
    assert wrong("a: " + "x" * 1024 * 1024) == (
        "f.yaml: this file is larger than 1 MiB; expected at most 1 MiB"
    )


def test_a_path_below_us_is_shown_as_we_would_type_it(folder: Path) -> None:
    assert shown(folder / "waves" / ".." / "a.yaml") == "a.yaml"
    assert shown(folder.parent / "b.yaml") == str(folder.parent / "b.yaml")
