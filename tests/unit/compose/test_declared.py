from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from envcheck.runtimes.compose.declared import NONCE, Declared, Published


def resolved() -> dict[str, Any]:
    """As ``docker compose config --format json`` writes it."""
    port = {"target": 9092, "published": "9092", "host_ip": "127.0.0.1", "protocol": "tcp"}
    kafka = {
        "image": "apache/kafka:4.1.0",
        "build": {"context": "/somewhere"},
        "environment": {"KAFKA_ADVERTISED_LISTENERS": "HOST://127.0.0.1:9092", "URL": "x:9092"},
        "ports": [port, {"target": 53, "published": "9000-9010", "protocol": "udp"}],
    }
    return {
        "name": "shop",
        "services": {"kafka": kafka, "built": {"build": {"context": "."}}},
        "volumes": {"data": {"name": "shop_data"}, "theirs": {"name": "x", "external": True}},
        "networks": {"default": {"name": "shop_default"}},
    }


@pytest.fixture
def declared(tmp_path: Path) -> Declared:
    return Declared(resolved(), tmp_path)


def written(declared: Declared, folder: Path) -> dict[str, Any]:
    declared.write()
    document: dict[str, Any] = json.loads((folder / "compose.json").read_text())
    return document


def test_everything_we_shall_make_is_marked(declared: Declared, tmp_path: Path) -> None:
    declared.mark("n0", lambda kind, name: False)
    document = written(declared, tmp_path)
    assert document["services"]["built"]["labels"] == {NONCE: "n0"}
    assert document["volumes"]["data"]["labels"] == {NONCE: "n0"}
    assert document["networks"]["default"]["labels"] == {NONCE: "n0"}


def test_what_was_there_before_stays_as_it_is(declared: Declared, tmp_path: Path) -> None:
    declared.mark("n0", lambda kind, name: name == "shop_data")
    volumes = written(declared, tmp_path)["volumes"]
    assert "labels" not in volumes["data"]
    assert "labels" not in volumes["theirs"]


def test_what_is_external_is_not_ours_to_make(declared: Declared) -> None:
    assert declared.volumes() == {"data": "shop_data"}


def test_a_moved_port_is_published_elsewhere_and_advertised_there(
    declared: Declared, tmp_path: Path
) -> None:
    (port,) = declared.published("kafka")
    declared.move(port, 20001)
    kafka = written(declared, tmp_path)["services"]["kafka"]
    assert kafka["ports"][0]["published"] == "20001"
    assert kafka["environment"]["KAFKA_ADVERTISED_LISTENERS"] == "HOST://127.0.0.1:20001"
    assert kafka["environment"]["URL"] == "x:9092"


def test_a_moved_port_is_still_declared_where_it_was(declared: Declared) -> None:
    (port,) = declared.published("kafka")
    declared.move(port, 20001)
    assert declared.published("kafka") == (Published("kafka", 9092, 9092, "127.0.0.1", "tcp"),)


def test_what_is_set_to_none_goes(declared: Declared, tmp_path: Path) -> None:
    declared.change("kafka", {"build": None, "image": "envcheck/kafka:1"})
    kafka = written(declared, tmp_path)["services"]["kafka"]
    assert "build" not in kafka
    assert kafka["image"] == "envcheck/kafka:1"


def test_a_built_service_without_an_image_has_compose_s_own_name(declared: Declared) -> None:
    assert declared.image("built") == "shop-built"


def test_the_file_that_holds_every_value_is_private(declared: Declared, tmp_path: Path) -> None:
    declared.write()
    assert (tmp_path / "compose.json").stat().st_mode & 0o077 == 0
