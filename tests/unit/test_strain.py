from __future__ import annotations

from pathlib import Path

from envcheck.system.strain import strained


def pressure(folder: Path, share: str) -> Path:
    path = folder / "cpu"
    path.write_text(f"some avg10={share} avg60=1.00 avg300=1.00 total=1\nfull avg10=0.00\n")
    return path


def test_a_machine_with_room_is_not_strained(tmp_path: Path):
    assert strained(pressure(tmp_path, "41.20")) == ""


def test_a_machine_without_a_free_core_is_strained_and_says_so(tmp_path: Path):
    assert strained(pressure(tmp_path, "97.60")) == "this machine is too busy (98 % CPU pressure)"


def test_where_the_kernel_does_not_tell_the_load_decides(tmp_path: Path):
    said = strained(tmp_path / "absent")
    assert said == "" or said.startswith("this machine is too busy (load ")
