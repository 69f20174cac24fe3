"""Text from anywhere, made safe to print: what moves a cursor or hides text is taken out."""

from __future__ import annotations

import re

ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x9b[0-?]*[ -/]*[@-~]"  # the same in one byte
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS, …: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]?"
)
# C0 and C1 except tab and newline, lone surrogates, direction overrides, invisible characters and
# what XML 1.0 forbids
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\uffff]"
)


def printable(text: str) -> str:
    """The text without escape sequences, control characters and lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    text = ESCAPES.sub("", text.replace("\r\n", "\n"))
    return INVISIBLE.sub("", text.replace("\r", "\n"))
