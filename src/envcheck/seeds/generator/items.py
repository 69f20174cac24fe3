"""The catalogue: every product line is one brand in one category, at prices of its own."""

from __future__ import annotations

from typing import Any

from envcheck.seeds.generator.shape import Profile
from envcheck.seeds.generator.taste import Array, Generator

CATEGORIES = {  # name → what such a thing is called, its tags, its price in cents from … to
    "audio": (("headphones", "speaker", "turntable"), ("wireless", "hi-fi"), 2_500, 60_000),
    "books": (("novel", "atlas", "cookbook"), ("hardcover", "illustrated"), 800, 6_000),
    "camping": (("tent", "stove", "lantern"), ("lightweight", "waterproof"), 1_500, 50_000),
    "cycling": (("helmet", "saddle", "pannier"), ("city", "touring"), 1_200, 25_000),
    "garden": (("planter", "secateurs", "hose"), ("outdoor", "recycled"), 700, 15_000),
    "home": (("lamp", "blanket", "shelf"), ("oak", "linen"), 1_000, 40_000),
    "kitchen": (("kettle", "skillet", "grinder"), ("steel", "dishwasher-safe"), 900, 30_000),
    "music": (("guitar", "keyboard", "metronome"), ("beginner", "studio"), 2_000, 120_000),
    "running": (("shoes", "jacket", "vest"), ("trail", "reflective"), 1_800, 22_000),
    "toys": (("puzzle", "kite", "train"), ("wooden", "age-6"), 500, 9_000),
}
BRANDS = (
    "Alder",
    "Birch",
    "Cedar",
    "Drift",
    "Ember",
    "Fjord",
    "Grove",
    "Heron",
    "Iris",
    "Juniper",
    "Kestrel",
    "Lark",
)
SERIES = (
    "Aurora",
    "Basalt",
    "Cobalt",
    "Delta",
    "Echo",
    "Flint",
    "Glacier",
    "Harbor",
    "Indigo",
    "Jasper",
)
COLUMNS = ("item_id", "name", "category", "price", "description", "brand", "tags")


def item_id(position: int) -> str:
    return f"item_{position + 1:04d}"


def items(profile: Profile, rng: Generator) -> dict[str, list[Any]]:
    """The columns of the catalogue, row ``i`` being item ``i``."""
    chances: Array = rng.random(profile.items)
    rows = [_item(position, profile.lines, chance) for position, chance in enumerate(chances)]
    return {column: [row[at] for row in rows] for at, column in enumerate(COLUMNS)}


def _item(position: int, lines: int, chance: float) -> tuple[Any, ...]:
    line, rank = position % lines, position // lines
    category = tuple(CATEGORIES)[line % len(CATEGORIES)]
    things, tags, low, high = CATEGORIES[category]
    thing = things[rank % len(things)]
    brand = BRANDS[(line // len(CATEGORIES) + line) % len(BRANDS)]
    series = SERIES[rank % len(SERIES)]
    cents = low + int(chance * (high - low))
    name = f"{brand} {series} {thing} {rank + 1}"
    description = f"{series} {thing} by {brand}, {tags[rank % 2]}, from the {category} range."
    return item_id(position), name, category, cents / 100, description, brand, [thing, *tags]
