from __future__ import annotations

import os
from pathlib import Path

import pytest

from envcheck.engine.ownership import FileLedger
from envcheck.runtimes.compose.commands import Commands
from envcheck.runtimes.compose.declared import Declared
from envcheck.runtimes.compose.images import StandIns
from envcheck.runtimes.compose.substituting import put_stand_ins
from tests.fakes.clock import FakeClock


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    for name in ("python", "minio"):
        (tmp_path / "stand-ins" / name).mkdir(parents=True)
        (tmp_path / "stand-ins" / name / "Dockerfile").write_text("FROM debian:trixie-slim\n")
    return StandIns(
        tmp_path / "stand-ins", Commands(FileLedger(tmp_path, "run"), FakeClock(), os.environ)
    )


@pytest.fixture
def declared(tmp_path: Path) -> Declared:
    application = tmp_path / "application"
    application.mkdir()
    (application / "Dockerfile").write_text("FROM python:3.13-slim\n")
    services = {
        "script": {"image": "python:3.13"},
        "application": {"build": {"context": str(application)}},
        "store": {"image": "any/name", "build": {"context": str(tmp_path / "stand-ins/minio")}},
        "dashboards": {"image": "grafana/grafana:12"},
    }
    return Declared({"name": "shop", "services": services}, tmp_path)


def test_an_image_with_a_stand_in_gets_it(declared: Declared, stand_ins: StandIns) -> None:
    put_stand_ins(declared, stand_ins)
    assert declared.image("script") == stand_ins.tag("python")


def test_an_application_is_built_on_the_stand_in(declared: Declared, stand_ins: StandIns) -> None:
    put_stand_ins(declared, stand_ins)
    contexts = declared.services["application"]["build"]["additional_contexts"]
    assert contexts == {"python:3.13-slim": f"docker-image://{stand_ins.tag('python')}"}


def test_a_stand_in_s_own_folder_is_not_built_a_second_time(
    declared: Declared, stand_ins: StandIns
) -> None:
    put_stand_ins(declared, stand_ins)
    assert not declared.is_built("store")
    assert declared.image("store") == stand_ins.tag("minio")


def test_what_nothing_stands_in_for_is_said_by_name(
    declared: Declared, stand_ins: StandIns
) -> None:
    refused = put_stand_ins(declared, stand_ins)
    assert list(refused) == ["dashboards"]
    assert "grafana/grafana:12" in refused["dashboards"]
