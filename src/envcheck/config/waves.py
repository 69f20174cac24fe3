"""Wave files: ``N-*.yaml`` beside environment.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from envcheck.config.documents import ServiceDocument, WaveDocument
from envcheck.config.entries import Entries
from envcheck.config.nodes import Fields, Items, Node, place_of
from envcheck.config.readiness import Readying
from envcheck.config.reading import Reading, Reference
from envcheck.config.validation import validated
from envcheck.model.environment import Wave, WaveService

_FILE = re.compile(r"(\d+)-.*\.ya?ml")


@dataclass(frozen=True, slots=True)
class WaveRead:
    wave: Wave
    references: Sequence[Reference]


def wave_files(folder: Path) -> list[Path]:
    """By number, then name."""
    found = [
        (int(match[1]), path) for path in folder.iterdir() if (match := _FILE.fullmatch(path.name))
    ]
    return [path for _, path in sorted(found)]


def read_waves(paths: Iterable[Path], reading: Reading, ready: Readying) -> list[WaveRead]:
    """Every wave that could be read; the rest is noted."""
    found = [_wave(path, reading, ready) for path in paths]
    return [one for one in found if one is not None]


def _wave(path: Path, reading: Reading, ready: Readying) -> WaveRead | None:
    """Reads on behind a mistake in one part, so that the others are told as well."""
    tree = reading.mapping(path)
    if tree is None:
        return None
    document = validated(WaveDocument, tree, reading.problems, place=tree.place)
    number = _number(path, tree, document, reading)
    entries = Entries(reading, number)
    wave = Wave(
        number=number,
        name=document.name if document and document.name else path.stem.split("-", 1)[1],
        services=_services(document, tree, entries, ready),
        seeds=entries.kinds(_listed(tree, "seed"), reading.registries.seeds),
        verify=entries.kinds(_listed(tree, "verify"), reading.registries.checks),
        checks=entries.checks(_listed(tree, "checks")),
        place=place_of(tree, "wave"),
    )
    return WaveRead(wave, tuple(entries.references))


def _number(path: Path, tree: Fields, document: WaveDocument | None, reading: Reading) -> int:
    named = int(path.name.split("-")[0])
    if document is not None and document.wave != named:
        found = f"wave {document.wave} in a file named {path.name}"
        reading.problems.add(tree.keys["wave"], found, f"wave: {named}")
    return document.wave if document else named


def _listed(tree: Node | None, key: str) -> tuple[Node, ...]:
    """The items under a key; a wrong type there was noted when the document was validated."""
    node = tree.get(key) if isinstance(tree, Fields) else None
    return node.items if isinstance(node, Items) else ()


def _services(
    document: WaveDocument | None, tree: Fields, entries: Entries, ready: Readying
) -> tuple[WaveService, ...]:
    written = tree.get("services")
    if not isinstance(written, Fields):
        return ()
    found: list[WaveService] = []
    for name, node in written.fields.items():
        checks = entries.kinds(_listed(node, "ready"), ready.registries.checks)
        said = (document and document.services[name]) or ServiceDocument()
        stated = isinstance(node, Fields) and "ready" in node.fields
        found.append(ready.service(name, said, written.keys[name], checks if stated else None))
    return tuple(found)
