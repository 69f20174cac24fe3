"""What envcheck is told inside a Compose file: ``x-envcheck`` and the ``envcheck.*`` labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from envcheck.config.compose.sources import Sources
from envcheck.config.nodes import Fields, Node, Scalar, truth, whole_number
from envcheck.config.problems import Wrong, did_you_mean
from envcheck.config.validation import validated
from envcheck.kind import Kind
from envcheck.model.compose import EmbeddedForm
from envcheck.model.problem import Place

LABEL = "envcheck."


class EmbeddedNote(Kind):
    """How the service runs without Docker: a command in a virtual environment of its own."""

    command: tuple[str, ...] = Field(min_length=1)
    directory: str = "."
    requirements: str | None = None


class ServiceNote(Kind):
    """What can be said of a service that neither its image nor its ports tell."""

    kind: str = ""
    wave: int = Field(default=0, ge=0)
    optional: bool = False
    one_shot: bool = False
    embedded: EmbeddedNote | None = None


def block(node: Node, place: Place, sources: Sources) -> dict[str, Any]:
    """The fields of ComposeService that ``x-envcheck`` sets; its problems are noted."""
    note = validated(ServiceNote, node, sources.problems, place=place)
    if note is None:
        return {}
    found = {name: getattr(note, name) for name in note.model_fields_set}
    if note.embedded and isinstance(node, Fields):
        found["embedded"] = _embedded(note.embedded, node.fields["embedded"], sources)
    return found


def _embedded(note: EmbeddedNote, node: Node, sources: Sources) -> EmbeddedForm:
    def absolute(words: str) -> Any:
        return sources.absolute(Scalar(words, node.place))

    requirements = absolute(note.requirements) if note.requirements else None
    return EmbeddedForm(note.command, absolute(note.directory), requirements)


def labelled(labels: Mapping[str, str], place: Place) -> dict[str, Any]:
    """The same from labels, for what a label can hold. Raises Wrong."""
    known = {"kind", "wave", "optional", "one-shot"}
    found: dict[str, Any] = {}
    for label, value in labels.items():
        name = label.removeprefix(LABEL)
        if not label.startswith(LABEL):
            continue
        if name not in known:
            near = did_you_mean(label, {LABEL + word for word in known})
            raise Wrong(place, f"unknown label {label!r}", fix=near)
        found[name.replace("-", "_")] = _value(name, Scalar(value, place))
    return found


def _value(name: str, node: Scalar) -> Any:
    if name == "kind":
        return str(node.value)
    return whole_number(node) if name == "wave" else truth(node)
