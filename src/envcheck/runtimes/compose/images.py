"""Stand-in images, built here from distribution packages where no registry answers.

Each is named after what is in it, ``envcheck/postgres:<hash of its folder and bases>``, never after
an official image, and is built once. The base is a Debian made by debootstrap, which needs root.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from envcheck.errors import PrepareError
from envcheck.runtimes.compose.commands import Commands, Said
from envcheck.runtimes.compose.debian import Shelf, own_source, release

SUITE = "trixie"
RECIPE = "1"  # part of the base's hash: raise it when the way of making it changes
BASE = "base"
STANDS_FOR = {
    "debian": BASE,
    "python": "python",
    "golang": "go",
    "postgres": "postgres",
    "redis": "valkey",
    "valkey/valkey": "valkey",
    "apache/kafka": "kafka",
    "minio/minio": "minio",
    "envcheck/minio": "minio",
    "prom/prometheus": "prometheus",
    "apache/airflow": "airflow",
}
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
ARGUMENT = re.compile(r"^ARG\s+(\w+)=(\S+)", re.MULTILINE)
FROM = re.compile(r"^FROM\s+(?:--\S+\s+)?(\S+)", re.MULTILINE | re.IGNORECASE)


def repository(image: str) -> str:
    """``postgres`` for ``docker.io/library/postgres:17@sha256:…``."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    plain = f"{head}{slash}{last.partition(':')[0]}"
    return plain.removeprefix("docker.io/").removeprefix("library/")


def bases(dockerfile: str) -> dict[str, str]:
    """What a Dockerfile builds on, defaults filled in → the stand-in for it."""
    defaults = dict(ARGUMENT.findall(dockerfile))
    named = (re.sub(r"\$\{?(\w+)\}?", lambda it: defaults.get(it[1], ""), image)
             for image in FROM.findall(dockerfile))  # fmt: skip
    found = {image: STANDS_FOR.get(repository(image), "") for image in named}
    return {image: name for image, name in found.items() if name}


def bundle(environ: Mapping[str, str] | None = None) -> str:
    """The certificates this machine was told to trust; empty where it was told nothing."""
    environ = os.environ if environ is None else environ
    given = (environ.get(name, "") for name in BUNDLES)
    return next((path for path in given if path and Path(path).is_file()), "")


class StandIns:
    def __init__(self, folder: Path, commands: Commands) -> None:
        self._folder = folder
        self._commands = commands

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset({BASE, *(it.parent.name for it in self._folder.glob("*/Dockerfile"))})

    def instead_of(self, image: str) -> str:
        """The stand-in's tag; empty where there is none."""
        name = STANDS_FOR.get(repository(image), "")
        return self.tag(name) if name in self.names else ""

    def of_folder(self, context: str) -> str:
        """The tag of the stand-in a ``build:`` of that folder makes; empty for another folder."""
        path = Path(context)
        ours = path.parent.resolve() == self._folder.resolve() and path.name in self.names
        return self.tag(path.name) if ours else ""

    def tag(self, name: str) -> str:
        return f"envcheck/{name}:{self._mark(name)}"

    def _mark(self, name: str) -> str:
        digest = hashlib.sha256(f"{RECIPE}\n{platform.machine()}\n{SUITE}\n".encode())
        if name != BASE:
            for file in sorted(it for it in (self._folder / name).rglob("*") if it.is_file()):
                digest.update(f"{file.relative_to(self._folder)}\n".encode() + file.read_bytes())
            for base in sorted(self._bases(name).values()):
                digest.update(self.tag(base).encode())
        return digest.hexdigest()[:12]

    def _bases(self, name: str) -> dict[str, str]:
        return bases((self._folder / name / "Dockerfile").read_text(encoding="utf-8"))

    def missing(self, tag: str) -> Iterator[str]:
        """Names to build for this tag, bases first; nothing for a tag that is not ours."""
        name = repository(tag).removeprefix("envcheck/")
        if name in self.names and self.tag(name) == tag and not self._has(tag):
            for base in self._bases(name).values() if name != BASE else ():
                yield from self.missing(self.tag(base))
            yield name

    def build(self, name: str) -> None:
        """Raises PrepareError with the builder's last words."""
        if name == BASE:
            self._make_base()
            return
        dockerfile = (self._folder / name / "Dockerfile").read_text(encoding="utf-8")
        arguments = [
            f"--build-arg={key}={self.instead_of(image)}"
            for key, image in ARGUMENT.findall(dockerfile)
            if self.instead_of(image)
        ]
        secret = [f"--secret=id=ca,src={bundle()}"] if bundle() else []
        words = ("build", "--progress=plain", *arguments, *secret, f"--tag={self.tag(name)}")
        _demand(self._commands.run(("docker", *words, str(self._folder / name)), 3600), name)

    def _make_base(self) -> None:
        if os.geteuid() != 0:
            raise PrepareError("a base image is made by debootstrap, which needs root")
        source = own_source(release())
        with tempfile.TemporaryDirectory(prefix="envcheck-base-") as made:
            folder, rootfs, packed = Path(made), Path(made, "rootfs"), Path(made, "rootfs.tar")
            Shelf(folder / "apt", source, release()).take(["debootstrap"], folder / "tool")
            tool = str(folder / "tool/usr/sbin/debootstrap")
            scripts = f"DEBOOTSTRAP_DIR={folder / 'tool/usr/share/debootstrap'}"
            debootstrap = ("env", scripts, tool, "--variant=minbase", SUITE, str(rootfs))
            _demand(self._commands.run((*debootstrap, source.mirror), 900), BASE)
            tar = ("tar", "-C", str(rootfs), "-cf", str(packed), ".")
            _demand(self._commands.run(tar, 300), BASE)
            load = ("docker", "import", str(packed), self.tag(BASE))
            _demand(self._commands.run(load, 300), BASE)

    def _has(self, tag: str) -> bool:
        asked = ("docker", "image", "inspect", "--format", "-", tag)
        return self._commands.run(asked, 30, looks=True).code == 0


def stand_ins_folder() -> Path:
    """Beside the package in the wheel, at the repository's root in a checkout."""
    package = Path(__file__).parents[2]
    shipped = package / "stand-ins"
    return shipped if shipped.is_dir() else package.parents[1] / "compose" / "stand-ins"


def _demand(said: Said, name: str) -> None:
    if said.code:
        raise PrepareError(f"the stand-in {name} could not be built: {said.reason}")
