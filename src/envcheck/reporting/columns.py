"""Lines of a transcript: seconds, who, a word, the text; each in its column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envcheck.reporting.paint import NO_PAINT, Paint
from envcheck.reporting.words import LONGEST, duration, one_line

NAME_WIDTH = (10, 24)  # at least, at most
WORD_WIDTH = 9
LEAST_TEXT = 20  # characters kept of a text however narrow the place


class Columns:
    """Writes lines; ``spoke`` is the moment of the last."""

    def __init__(
        self, write: Callable[[str], object], paint: Paint = NO_PAINT, longest: int = LONGEST
    ) -> None:
        """``longest``: characters a line may have; what does not fit ends in an ellipsis."""
        self._write = write
        self._paint = paint
        self._longest = longest
        self._width = NAME_WIDTH[0]
        self.spoke = 0.0

    def fit(self, names: Sequence[str]) -> None:
        """Make the column of names as wide as the longest of them, within reason."""
        least, most = NAME_WIDTH
        longest = max((len(name) for name in names), default=least)
        self._width = min(max(longest, least), most)

    def line(self, at: float, who: str, word: str, text: str = "") -> None:
        """Seconds right-aligned; without a word the text begins in its place."""
        self.spoke = at
        when, name = f"{duration(at):>6}", f"{who:<{self._width}}"
        padded = f"{word:<{WORD_WIDTH}} " if word and text else word
        room = self._longest - len(f"{when}  {name}  {padded}")
        what = self._paint.word(padded) + one_line(text, max(room, LEAST_TEXT))
        self._write(f"{self._paint(when, 'dim')}  {name}  {what}".rstrip() + "\n")

    def heading(self, text: str) -> None:
        self._write(self._paint(one_line(text, self._longest), "bold") + "\n")

    def gap(self) -> None:
        self._write("\n")
