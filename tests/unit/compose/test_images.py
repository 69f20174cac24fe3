from __future__ import annotations

import os
from pathlib import Path

import pytest

from envcheck.engine.ownership import FileLedger
from envcheck.runtimes.compose.commands import Commands
from envcheck.runtimes.compose.images import StandIns, bases, bundle, repository, stand_ins_folder
from tests.fakes.clock import FakeClock


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    folder = tmp_path / "stand-ins"
    for name, text in (
        ("python", "ARG BASE_IMAGE=debian:trixie-slim\nFROM ${BASE_IMAGE}\n"),
        ("postgres", "FROM debian:trixie-slim\n"),
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(text)
    return StandIns(folder, Commands(FileLedger(tmp_path, "run"), FakeClock(), os.environ))


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("postgres:17", "postgres"),
        ("docker.io/library/postgres:17@sha256:0123", "postgres"),
        ("registry.example:5000/apache/kafka:4.1.0", "registry.example:5000/apache/kafka"),
        ("prom/prometheus", "prom/prometheus"),
    ],
)
def test_an_image_is_known_by_its_repository(image: str, name: str) -> None:
    assert repository(image) == name


def test_what_a_dockerfile_stands_on_is_found_with_its_defaults_filled_in() -> None:
    text = "ARG PYTHON_IMAGE=python:3.13-slim\nFROM ${PYTHON_IMAGE} AS build\nFROM scratch\n"
    assert bases(text) == {"python:3.13-slim": "python"}


def test_a_platform_before_the_image_is_no_image() -> None:
    assert bases("FROM --platform=linux/amd64 golang:1.25 AS b\n") == {"golang:1.25": "go"}


def test_a_stand_in_never_takes_an_official_name(stand_ins: StandIns) -> None:
    assert stand_ins.instead_of("postgres:17").startswith("envcheck/postgres:")
    assert stand_ins.instead_of("grafana/grafana:12") == ""


def test_a_changed_file_gives_a_new_tag(stand_ins: StandIns, tmp_path: Path) -> None:
    before = stand_ins.tag("postgres")
    (tmp_path / "stand-ins/postgres/start.sh").write_text("#!/bin/sh\n")
    assert stand_ins.tag("postgres") != before


def test_building_a_stand_in_s_own_folder_is_taking_the_stand_in(
    stand_ins: StandIns, tmp_path: Path
) -> None:
    folder = str(tmp_path / "stand-ins" / "python")
    assert stand_ins.of_folder(folder) == stand_ins.tag("python")
    assert stand_ins.of_folder(str(tmp_path)) == ""


def test_a_tag_of_somebody_else_is_never_built(stand_ins: StandIns) -> None:
    assert list(stand_ins.missing("envcheck/python:of-another-content")) == []
    assert list(stand_ins.missing("postgres:17")) == []


def test_every_stand_in_of_the_repository_stands_on_another() -> None:
    folder = stand_ins_folder()
    for file in folder.glob("*/Dockerfile"):
        assert bases(file.read_text()), file


def test_the_bundle_is_the_first_file_named_that_exists(tmp_path: Path) -> None:
    given = tmp_path / "ca.crt"
    given.write_text("certificates")
    known = {"SSL_CERT_FILE": str(tmp_path / "gone"), "CURL_CA_BUNDLE": str(given)}
    assert bundle(known) == str(given)
    assert bundle({}) == ""
