"""CONTRIBUTING.md's walk-through, followed to the letter in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "docs", "schema", "waves", "compose", "fixtures", "pyproject.toml")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "artifacts", ".*_cache")
_BLOCK = re.compile(r"<!-- ([^\n]+) -->\n```\w+\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Ran:
    command: str
    code: int
    said: str


class Copy:
    """A copy of the project in which nothing but itself is imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        (folder / "tmp").mkdir()
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.folder / name, ignore=NOT_COPIED)
            else:
                shutil.copy(ROOT / name, self.folder / name)
        self._environ = {**os.environ, "PYTHONPATH": "src", "TMPDIR": str(folder / "tmp")}

    def follow(self, instruction: str, code: str) -> list[Ran]:
        """Do what one marked block asks for."""
        what, _, where = instruction.partition(": ")
        if what == "file":
            (self.folder / where).write_text(code, encoding="utf-8")
        elif what == "import":
            self._sorted_in(self.folder / where, code)
        elif what.startswith("entry of "):
            self._after(self.folder / where, rf"^{what[9:]}\b.*\n", code)
        elif what.startswith("under verify of "):
            self._after(self.folder / what[16:], r"^verify:\n", code)
        elif what == "run":
            return [self.run(line.removeprefix("$ ")) for line in code.splitlines()]
        else:
            raise ValueError(f"nobody knows how to follow: {instruction}")
        return []

    def run(self, command: str) -> Ran:
        program, *arguments = command.split()
        argv = [str(Path(sys.executable).parent / Path(program).name), *arguments]
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(command, done.returncode, done.stdout + done.stderr)

    def _after(self, file: Path, line: str, code: str) -> None:
        text, count = re.subn(line, lambda found: found[0] + code, file.read_text(), flags=re.M)
        assert count == 1, f"{line} stands {count} times in {file.name}"
        file.write_text(text, encoding="utf-8")

    def _sorted_in(self, file: Path, line: str) -> None:
        lines = file.read_text().splitlines(keepends=True)
        following = next(at for at, one in enumerate(lines) if one > line and "import" in one)
        file.write_text("".join([*lines[:following], line, *lines[following:]]), encoding="utf-8")


def blocks() -> list[tuple[str, str]]:
    """Instruction and code of every marked block, in order."""
    return _BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
