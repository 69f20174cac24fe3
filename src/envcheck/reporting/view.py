"""Which view fits the place a run is watched from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TextIO

from envcheck.model.record import Listener
from envcheck.reporting.json_lines import JsonLines
from envcheck.reporting.live import FRAME, LiveView
from envcheck.reporting.paint import Paint, wants_colour
from envcheck.reporting.plain import Plain
from envcheck.reporting.pulse import Pulse

MODES = ("auto", "live", "plain", "json", "none")


def view(mode: str, stream: TextIO, environment: Mapping[str, str]) -> Listener | None:
    """The listener for ``--progress``: auto is live on a capable terminal, plain elsewhere."""
    if mode == "auto":
        mode = "live" if _is_for_people(stream, environment) else "plain"
    if mode == "none":
        return None
    if mode == "json":
        return JsonLines(writer(stream))
    if mode == "live":
        return Pulse(LiveView(stream, colour=not environment.get("NO_COLOR")), FRAME)
    paint = Paint(wants_colour(stream.isatty(), environment))
    return Pulse(Plain(writer(stream), paint), 1.0)


def writer(stream: TextIO) -> Callable[[str], None]:
    """Writes and flushes; what the stream's encoding lacks becomes a question mark."""
    encoding = stream.encoding or "utf-8"

    def write(text: str) -> None:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()

    return write


def _is_for_people(stream: TextIO, environment: Mapping[str, str]) -> bool:
    return wants_colour(stream.isatty(), environment) and not environment.get("CI")
