"""``extends``: a service laid on another, of the same file or of another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from envcheck.config.compose.merge import merged
from envcheck.config.compose.sources import DEEPEST, Sources
from envcheck.config.document import shown
from envcheck.config.nodes import Fields, Node, Scalar, fields, text
from envcheck.config.problems import Wrong, did_you_mean


def extended(sources: Sources, tree: Fields) -> Fields:
    services = tree.get("services")
    if not isinstance(services, Fields):
        return tree
    done: dict[str, Node] = {}
    for name, service in services.fields.items():
        done[name] = service
        with sources.problems.noting():
            done[name] = _service(sources, services, name, ())
    return replace(tree, fields={**tree.fields, "services": replace(services, fields=done)})


def _service(
    sources: Sources, services: Fields, name: str, trail: tuple[tuple[str, str], ...]
) -> Node:
    service = services.fields[name]
    if not isinstance(service, Fields) or "extends" not in service.fields:
        return service
    step = (service.place.file, name)
    if step in trail or len(trail) > DEEPEST:
        way = " → ".join([spot for _, spot in trail] + [name])
        raise Wrong(service.keys["extends"], f"extends goes in a circle: {way}")
    others, base_name = _base(sources, services, service.fields["extends"])
    base = _service(sources, others, base_name, (*trail, step))
    own = {key: value for key, value in service.fields.items() if key != "extends"}
    return merged(base, replace(service, fields=own), ("services", name))


def _base(sources: Sources, services: Fields, node: Node) -> tuple[Fields, str]:
    """The services to look in, and the one that is extended. Raises Wrong."""
    wanted: Node | None = node if isinstance(node, Scalar) else fields(node).get("service")
    if wanted is None:
        raise Wrong(node.place, "extends without service", "{service: NAME, file: PATH}")
    file = node.get("file") if isinstance(node, Fields) else None
    if file is not None:
        path = _relative(sources, file)
        if not path.is_file():
            raise Wrong(file.place, f"{shown(path)} does not exist", "a Compose file")
        tree = sources.file(path, path.parent)
        services = fields((tree and tree.get("services")) or Fields({}, {}, file.place))
    name = text(wanted)
    if name not in services.fields:
        raise Wrong(
            wanted.place,
            f"extends an unknown service {name!r}",
            fix=did_you_mean(name, services.fields),
        )
    return services, name


def _relative(sources: Sources, node: Node) -> Path:
    """A file named beside another; kept relative, so that messages show it as the user would."""
    words = Path(text(node, "a path"))
    return sources.bases.get(node.place.file, Path()) / words
