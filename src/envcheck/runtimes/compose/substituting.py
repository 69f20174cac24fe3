"""``--images local``: every image that has a stand-in gets it, bases of built ones included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envcheck.runtimes.compose.declared import Declared
from envcheck.runtimes.compose.images import StandIns, bases, bundle

CA = "envcheck-ca"


def put_stand_ins(declared: Declared, stand_ins: StandIns) -> dict[str, str]:
    """Change the project; service → why nothing can stand in for its image."""
    refused: dict[str, str] = {}
    for name, service in declared.services.items():
        build = service.get("build")
        tag = stand_ins.of_folder(str(build["context"])) if build else ""
        if build and not tag:
            declared.change(name, {"build": _on_stand_ins(build, stand_ins)})
            continue
        tag = tag or stand_ins.instead_of(str(service.get("image", "")))
        if tag:
            declared.change(name, {"image": tag, "build": None})
        else:
            refused[name] = f"{service.get('image')} cannot be built here: it has no stand-in"
    if bundle():
        declared.add_secret_file(CA, bundle())
    return refused


def _on_stand_ins(build: Mapping[str, Any], stand_ins: StandIns) -> dict[str, Any]:
    """The named context of a base replaces its image; the bundle goes in as the secret ``ca``."""
    instead = {image: f"docker-image://{stand_ins.tag(name)}" for image, name in on(build).items()}
    given = build.get("additional_contexts") or {}
    secrets = [*(build.get("secrets") or ())]
    if bundle():
        secrets.append({"source": CA, "target": "ca"})
    return {**build, "additional_contexts": {**instead, **given}, "secrets": secrets}


def on(build: Mapping[str, Any]) -> dict[str, str]:
    """What a ``build:`` stands on → the stand-in for it."""
    inline = build.get("dockerfile_inline")
    file = Path(str(build["context"]), str(build.get("dockerfile") or "Dockerfile"))
    if inline is None and not file.is_file():
        return {}
    return bases(str(inline) if inline is not None else file.read_text(encoding="utf-8"))
