"""How many there should be: ``3``, ``">= 3"``, ``"< 10"``."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass

_HOLDS = {
    "==": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "!=": operator.ne,
}
_WRITTEN = re.compile(r"\s*(==|>=|<=|!=|>|<|=)?\s*(\d[\d_]*)\s*")


@dataclass(frozen=True, slots=True)
class Amount:
    sign: str
    number: int

    def holds(self, counted: int) -> bool:
        return bool(_HOLDS[self.sign](counted, self.number))

    @property
    def horizon(self) -> int:
        """Counting further changes neither the answer nor what is worth telling."""
        return self.number * 10 + 1000

    def __str__(self) -> str:
        return f"{self.number}" if self.sign == "==" else f"{self.sign} {self.number}"


def amount(written: int | str) -> Amount:
    """Read what a person wrote. Raises ValueError."""
    match = _WRITTEN.fullmatch(str(written))
    if match is None or isinstance(written, bool):
        raise ValueError('expected a number, or a comparison such as ">= 3"')
    sign = match[1] or "=="
    return Amount("==" if sign == "=" else sign, int(match[2]))
