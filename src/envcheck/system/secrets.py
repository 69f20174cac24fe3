"""The gate in front of every sink: secrets out, by value and by position; control characters out.

A value shorter than six characters, an ordinary word, or a name that stands everywhere (a service,
a user, a database) is redacted by position only: removing it everywhere would garble the report.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from envcheck.system.disguises import disguises
from envcheck.system.positions import HIDDEN, SECRET_NAME, hide_positions
from envcheck.system.printable import printable

T = TypeVar("T")

SHORTEST = 6  # characters; anything shorter occurs by chance in any log
CUT_OFF = 8  # characters of a secret at the end of a shortened text that give it away

_WORDS = """
    123456 1234567 12345678 123456789 1234567890 access account active admin administrator airflow
    api_key apikey application backend bearer broken change_me changeme client config cookie
    created database default demo_user develop developer development disabled docker embedded
    enabled envcheck example exited external failed frontend guest healthy internal kafka local
    localhost master minio minioadmin mysql nothing password paused postgres postgresql primary
    private production public qwerty qwertyuiop rabbitmq readonly readwrite redis replica required
    restarting running sample sandbox secret secrets server service session skipped staging
    started superuser supersecret system testing testtest toor unhealthy unknown user_id username
    valkey welcome
"""
ORDINARY = frozenset(_WORDS.split())


class Gate:
    """Cleans whatever is about to be shown, written or sent. Safe to use from many threads."""

    def __init__(self, secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._ordinary = ORDINARY | {name.lower() for name in names}
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._spellings: tuple[str, ...] = ()
        self._learn(secrets)

    def reveal(self, value: str) -> None:
        """Learn a secret met at run time, such as a token a login answered."""
        if self._telling(value) and value not in self._known:
            self._learn((value,))

    def clean(self, text: str) -> str:
        """The text without secrets and control characters. Cleaning twice changes nothing."""
        text = printable(text)
        for spelling in self._spellings:
            # one search per spelling beats one pattern of them all: 15 against 60 ms on 1 MB
            if spelling in text:
                text = text.replace(spelling, HIDDEN)
        return hide_positions(self._without_cut_off_end(text))

    def clean_data(self, data: T) -> T:
        """The same shape with every text cleaned; a value under a secret's name is hidden whole."""
        return self._cleaned(data)  # type: ignore[no-any-return]  # the shape is kept

    def _learn(self, secrets: Iterable[str]) -> None:
        with self._lock:
            self._known |= {printable(value).strip() for value in secrets if self._telling(value)}
            spellings = {spelling for value in self._known for spelling in disguises(value)}
            self._spellings = tuple(sorted(spellings, key=lambda each: (-len(each), each)))

    def _telling(self, value: str) -> bool:
        value = printable(value).strip()
        return len(value) >= SHORTEST and value.lower() not in self._ordinary

    def _without_cut_off_end(self, text: str) -> str:
        """A check that shortens what it saw may cut a secret in two; its first half goes too."""
        body = text.rstrip("….\"' \n")
        for secret in self._known:
            at = body.rfind(secret[:CUT_OFF], max(len(body) - len(secret), 0))
            kept = len(body) - at
            if at >= 0 and kept >= max(CUT_OFF, len(secret) // 2) and secret.startswith(body[at:]):
                return text[:at] + HIDDEN + text[len(body) :]
        return text

    def _cleaned(self, data: Any) -> Any:
        if isinstance(data, Enum):
            return data
        if isinstance(data, str):
            return self.clean(data)
        if isinstance(data, Mapping):
            return {self._cleaned(key): self._entry(key, item) for key, item in data.items()}
        if isinstance(data, list | tuple):
            return type(data)(self._cleaned(item) for item in data)
        if is_dataclass(data) and not isinstance(data, type):
            changed = {each.name: self._cleaned(getattr(data, each.name)) for each in fields(data)}
            return replace(data, **changed)
        return data

    def _entry(self, key: object, item: Any) -> Any:
        if isinstance(item, str) and item and SECRET_NAME.search(str(key)):
            return HIDDEN
        return self._cleaned(item)
