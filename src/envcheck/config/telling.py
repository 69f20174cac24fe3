"""Secrets nobody declared: variables whose names tell, and passwords in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from envcheck.config.variables import Variables
from envcheck.model.compose import ComposeProject

SHORTEST = 4  # characters; a shorter value stands in every second line anyway
_TELLING = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|AUTH$|(?:^|_|API|ACCESS|PRIVATE)KEYS?(?:_|$)")
_HARMLESS = re.compile(r"_(?:FILE|PATH|DIR|URL|URI|HOST|PORT|NAME|TYPE|ALGORITHM|\w*EXP\w*)$")
# words of any report: "password authentication failed" must stay readable
_PLAIN_WORDS = {
    *("true", "false", "none", "null", "localhost", "default", "example", "public", "private"),
    *("password", "passwd", "pass", "secret", "token", "root", "admin", "user", "guest", "test"),
}


def telling(name: str) -> bool:
    """Does a variable of this name hold a secret?"""
    return bool(_TELLING.search(name.upper())) and not _HARMLESS.search(name.upper())


def project_secrets(project: ComposeProject, variables: Variables) -> dict[str, str]:
    """Values of variables whose names tell, in ``.env`` and in services, and passwords in URLs.

    A value that is an everyday word of this project (a service, a user or database of the same
    name) is no secret worth hiding: taking it out would blank out every report.
    """
    everyday = _everyday(project)
    return {
        name: value
        for name, value in _candidates(project, variables)
        if len(value) >= SHORTEST and value.lower() not in everyday and not value.isdigit()
    }


def _candidates(project: ComposeProject, variables: Variables) -> Iterator[tuple[str, str]]:
    for one in project.services.values():
        for name, value in one.environment.items():
            if telling(name):
                yield name, value
            elif password := url_password(value):
                yield f"{one.name} {name}", password
    for name in variables.file:
        if telling(name):
            yield name, variables.get(name) or ""


def url_password(value: str) -> str:
    """The password in ``scheme://user:password@host``, if that is what the value is."""
    if "://" not in value or "@" not in value:
        return ""
    try:
        return unquote(urlsplit(value).password or "")
    except ValueError:
        return ""


def _everyday(project: ComposeProject) -> set[str]:
    words = _PLAIN_WORDS | {project.name.lower()}
    for one in project.services.values():
        image = one.image.rsplit("/", 1)[-1].split(":")[0]
        words |= {one.name.lower(), image.lower()}
        words |= {
            value.lower()
            for name, value in one.environment.items()
            if name.upper().endswith(("USER", "USERNAME", "_DB", "DATABASE", "_NAME", "_HOST"))
        }
    return words
