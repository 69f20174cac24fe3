"""Debian packages, fetched by this machine's own apt and kept apart from its lists and its system.

Nothing is installed: packages are unpacked into a folder of ours. No mirror is named here; it is
read from the machine's own sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envcheck.errors import PrepareError
from envcheck.system.process import Finished, run

APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FETCH_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Source:
    mirror: str
    keyring: str = KEYRING

    def line(self, suite: str) -> str:
        return f"deb [signed-by={self.keyring}] {self.mirror} {suite} main\n"


def release(os_release: Path = OS_RELEASE) -> str:
    """``bookworm``, ``trixie``, …; empty on anything that is no Debian."""
    text = os_release.read_text(encoding="utf-8") if os_release.exists() else ""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    return fields.get("VERSION_CODENAME", "") if fields.get("ID") == "debian" else ""


def own_source(codename: str, apt: Path = APT) -> Source:
    """Where this machine gets its own release from. Raises PrepareError when nothing says so."""
    for source, suites in (*_deb822(apt), *_one_line(apt)):
        if codename and codename in suites:
            return source
    raise PrepareError(
        f"no apt source of this machine serves Debian {codename or '(it is no Debian)'}",
        "see the files below /etc/apt",
    )


def _deb822(apt: Path) -> Iterator[tuple[Source, list[str]]]:
    for file in sorted((apt / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text(encoding="utf-8")):
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
            if fields.get("URIs") and fields.get("Enabled", "yes") != "no":
                source = Source(fields["URIs"].split()[0], fields.get("Signed-By", KEYRING))
                yield source, fields.get("Suites", "").split()


def _one_line(apt: Path) -> Iterator[tuple[Source, list[str]]]:
    files = (apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list")))
    for file in filter(Path.exists, files):
        pattern = r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)"
        for uri, suite in re.findall(pattern, file.read_text(encoding="utf-8"), re.MULTILINE):
            yield Source(uri), [suite]


class Shelf:
    """Packages of one suite, below a folder of ours; apt sees an empty system there."""

    def __init__(self, folder: Path, source: Source, suite: str) -> None:
        self._folder = folder / suite
        self._source = source
        self._suite = suite

    def take(self, packages: Sequence[str], into: Path) -> None:
        """Fetch and unpack, without their dependencies. Raises PrepareError."""
        self._lay_out()
        self._apt("-oAcquire::Languages=none", "update")
        debs = self._folder / "debs"
        debs.mkdir(exist_ok=True)
        self._apt("download", *packages, cwd=debs)
        for name in packages:
            for deb in debs.glob(f"{name}_*.deb"):
                _demand(run(["dpkg", "-x", str(deb), str(into)]))

    def _lay_out(self) -> None:
        for part in ("lists/partial", "cache/archives/partial"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        listed = self._source.line(self._suite)
        (self._folder / "sources.list").write_text(listed, encoding="utf-8")

    def _apt(self, *words: str, cwd: Path | None = None) -> None:
        here = self._folder
        apart = (
            f"-oDir::Etc::SourceList={here / 'sources.list'}",
            "-oDir::Etc::SourceParts=/dev/null",
            f"-oDir::State::Lists={here / 'lists'}",
            f"-oDir::State::status={here / 'status'}",
            f"-oDir::Cache={here / 'cache'}",
            "-oAPT::Sandbox::User=root",  # the folder may be readable by its owner alone
        )
        _demand(run(["apt-get", "-q", *apart, *words], cwd=cwd, timeout=FETCH_SECONDS))


def _demand(done: Finished) -> None:
    if not done.ok:
        said = (done.err or done.out).strip().splitlines()[-3:]
        raise PrepareError(f"{done.argv[0]} failed: {' '.join(said) or done.code}")
