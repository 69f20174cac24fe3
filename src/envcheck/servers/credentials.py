"""What an image reads its user, password and database from."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from envcheck.model.compose import ComposeService, Mount

LONGEST = 256 * 1024  # characters; the longest redis.conf has half of that


def setting(service: ComposeService, *names: str, default: str = "") -> str:
    """The first variable that says something, itself or through the file ``NAME_FILE`` names."""
    for name in names:
        value = service.environment.get(name) or _from_file(service, name)
        if value:
            return value
    return default


def _from_file(service: ComposeService, name: str) -> str:
    return mounted(service, service.environment.get(f"{name}_FILE", "")).rstrip("\r\n")


def mounted(service: ComposeService, inside: str) -> str:
    """The text of a file as the container sees it; "" where it is not mounted from here: of a
    volume, or of the image, we know nothing."""
    for mount in service.mounts:
        source = _source(mount, inside)
        if inside and source is not None and source.is_file():
            return source.read_text(encoding="utf-8", errors="replace")[:LONGEST]
    return ""


def _source(mount: Mount, inside: str) -> Path | None:
    if mount.type != "bind":
        return None
    wanted, target = PurePosixPath(inside), PurePosixPath(mount.target)
    if not wanted.is_relative_to(target) or ".." in wanted.parts:
        return None
    return Path(mount.source) / wanted.relative_to(target)
