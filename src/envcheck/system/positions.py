"""Places where a secret stands whatever its value: userinfo, headers, named fields, tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

HIDDEN = "***"

SECRET_NAME = re.compile(
    r"(?i:passw(?:or)?d|passphrase|secret|token|credential|api[-_]?key|private[-_]?key"
    r"|authorization|cookie)|(?:^|_)KEY(?:_|$)"
)

# what is hidden already stays, and so does what holds no secret: ${NAME}, null
_KEPT = r"(?!\*\*\*|\$\{|null\b|None\b)"
_FIELD = (
    r"(?:(?i:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|api[-_]?key|access[-_]?key"
    r"|private[-_]?key)|(?<=[A-Z0-9_])_KEY)(?!_?(?i:type|expires))[\w.-]{0,40}"
)
_HEADER = r"(?i:authorization|cookie|x-[\w-]{0,30}(?:key|token))"
_QUOTE = r"\\{0,8}[\"']"
_WORD = r"[^\s\"'&;,)}\]]"
_FIELD_HINTS = ("passw", "passphrase", "pwd", "secret", "token", "credential", "key")
_HEADER_HINTS = ("authorization", "cookie", "x-")


@dataclass(frozen=True, slots=True)
class Position:
    """``hints``: lower-case texts one of which must occur before the pattern is worth a try."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str


POSITIONS = (
    Position(  # a private key, whole or cut off
        ("private key-----",),
        re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^-]*"),
        rf"\1{HIDDEN}",
    ),
    Position(  # scheme://user:password@host; the user is kept, it helps
        ("://",),
        re.compile(rf"(://[^\s/:@?#]{{0,128}}:){_KEPT}[^\s/]{{1,512}}@"),
        rf"\1{HIDDEN}@",
    ),
    Position(  # https://token@host
        ("://",), re.compile(rf"(://){_KEPT}[^\s/:@?#]{{16,512}}@"), rf"\1{HIDDEN}@"
    ),
    Position(  # "password": "…", also inside a JSON text that is itself quoted; 'Cookie': '…'
        _FIELD_HINTS + _HEADER_HINTS,
        re.compile(
            rf"((?:{_FIELD}|{_HEADER})(?:{_QUOTE})?\s{{0,4}}[:=,]\s{{0,4}}({_QUOTE})){_KEPT}"
            r"(?:(?!\2)(?:\\.|.))+"
        ),
        rf"\1{HIDDEN}",
    ),
    Position(  # Authorization: Bearer …, to the end of the line
        _HEADER_HINTS,
        re.compile(rf"({_HEADER}\s{{0,4}}[:=]\s{{0,4}}){_KEPT}[^\"'\s][^\n]*"),
        rf"\1{HIDDEN}",
    ),
    Position(
        ("bearer ", "basic "),
        re.compile(r"\b((?i:bearer|basic) )[\w.~+/=-]{16,}"),
        rf"\1{HIDDEN}",
    ),
    Position(  # password=…, password: …; prose such as "token: missing" is left alone
        _FIELD_HINTS,
        re.compile(
            rf"({_FIELD}=|(?i:passw(?:or)?d):\s{{0,4}}|{_FIELD}:\s{{0,4}}(?={_WORD}*[\d\W_]))"
            rf"{_KEPT}{_WORD}+"
        ),
        rf"\1{HIDDEN}",
    ),
    Position(  # a JSON Web Token anywhere, signed or not
        ("eyj",), re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?"), HIDDEN
    ),
)


def hide_positions(text: str) -> str:
    """The text with whatever stands in a secret's place replaced."""
    lowered = text.lower()
    for position in POSITIONS:
        if any(hint in lowered for hint in position.hints):
            text = position.pattern.sub(position.replacement, text)
    return text
