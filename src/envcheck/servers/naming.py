"""What a server's image is called, whatever registry, tag or digest stands around the name."""

from __future__ import annotations

from collections.abc import Collection

from envcheck.model.compose import ComposeService


def repository(image: str) -> str:
    """``mirror.example:5000/library/nginx:1.27@sha256:…`` → ``nginx``; others keep the last two
    parts of their path: ``confluentinc/cp-kafka``."""
    name, _, _ = image.partition("@")
    parts = name.split("/")
    if len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost"):
        parts = parts[1:]
    parts[-1] = parts[-1].split(":")[0]
    if len(parts) > 1 and parts[-2] == "library":
        parts = parts[-1:]
    return "/".join(parts[-2:])


def says(service: ComposeService, family: str, repositories: Collection[str]) -> bool:
    """Whether the service is of this family: as it says itself, else by its image."""
    if service.kind:
        return service.kind == family
    return repository(service.image) in repositories


def words(service: ComposeService) -> str:
    """What it runs when that is not what its image would run by itself."""
    return " ".join((*service.entrypoint, *service.command))
