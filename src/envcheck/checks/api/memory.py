"""What a check remembers between its steps, and ``{{name}}`` in what it sends.

``{{order_id}}`` is a captured value, ``{{as.tenant_id}}`` what the login of the one who asks
answered (or a claim of its token), ``{{other-admin.tenant_id}}`` that of another identity, and
``{{unique}}`` is new for every look.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from envcheck.model.check import Identity, Scene

_NAME = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


class Unremembered(LookupError):  # noqa: N818 (a state of our memory, not a failure of it)
    """A ``{{name}}`` nobody captured: the check stopped before that, or is written wrongly."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        super().__init__(f"{{{{{name}}}}} has no value (known: {', '.join(known) or 'none'})")


@dataclass(slots=True)
class Memory:
    """One look's memory. ``offsets`` holds where each topic ended before the first request."""

    scene: Scene
    values: dict[str, Any] = field(default_factory=dict)
    offsets: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values["unique"] = uuid.uuid4().hex[:12]

    def filled(self, value: Any, as_: str) -> Any:
        """The same shape with every ``{{name}}`` replaced; one that stands alone keeps its type.
        Raises Unremembered, LoginRefused."""
        if isinstance(value, str):
            return self._text(value, as_)
        if isinstance(value, Mapping):
            return {self.filled(k, as_): self.filled(v, as_) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.filled(item, as_) for item in value]
        return value

    def _text(self, text: str, as_: str) -> Any:
        alone = _NAME.fullmatch(text)
        if alone:
            return self._value(alone[1], as_)
        return _NAME.sub(lambda match: str(self._value(match[1], as_)), text)

    def _value(self, name: str, as_: str) -> Any:
        owner, dot, key = name.partition(".")
        if not dot:
            return _known(self.values, name)
        who: Identity = self.scene.identity(as_ if owner == "as" else owner)
        return _known(who.values or {}, key)


def _known(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise Unremembered(name, values)
    return values[name]


def names(value: Any) -> Iterator[str]:
    """Every ``{{name}}`` in it."""
    if isinstance(value, str):
        yield from _NAME.findall(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from names(key)
            yield from names(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names(item)
