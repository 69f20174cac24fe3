"""Who likes what: users stay with one or two product lines of some twenty items.

Most of what a user touches comes from a *home* line, some from a *second* one, a little from
anywhere. Within a line a few items are taken by many (Zipf). That is what lets a recommender do
better than a list of the most popular items, and what keeps it from being perfect.
"""

from __future__ import annotations

from typing import Any

from envcheck.seeds.generator.shape import Profile

Array = Any  # numpy.ndarray; numpy is imported by who generates, not by who reads YAML
Generator = Any  # numpy.random.Generator

FROM_HOME, FROM_SECOND = 0.86, 0.10  # the rest comes from anywhere
ZIPF = 0.8  # skew of popularity within a line


def pairs(profile: Profile, rng: Generator) -> tuple[Array, Array]:
    """``interactions`` distinct pairs as positions of users and of items, in order of time.

    Every user has at least one.
    """
    import numpy as np

    home = rng.integers(0, profile.lines, profile.users)
    second = (home + 1 + rng.integers(0, profile.lines - 1, profile.users)) % profile.lines
    users, items, wanted = np.empty(0, int), np.empty(0, int), profile.interactions
    while len(users) < wanted:  # what repeats a pair is dropped, so draw again until enough differ
        who = _draw_users(profile, rng, first=not len(users))
        what = _draw_items(profile, rng, home[who], second[who])
        users, items = np.concatenate([users, who]), np.concatenate([items, what])
        _, fresh = np.unique(users * profile.items + items, return_index=True)
        fresh.sort()
        users, items = users[fresh], items[fresh]
    return users[:wanted], items[:wanted]


def _draw_users(profile: Profile, rng: Generator, *, first: bool) -> Array:
    """Everyone in turn for half of the interactions, so that nobody is a stranger; the other half
    falls where it falls, so that some are busier than others."""
    import numpy as np

    rounds = max(1, profile.interactions // profile.users // 2) if first else 0
    steady = np.tile(np.arange(profile.users), rounds)
    return np.concatenate([steady, rng.integers(0, profile.users, profile.interactions)])


def _draw_items(profile: Profile, rng: Generator, home: Array, second: Array) -> Array:
    import numpy as np

    source = rng.random(len(home))
    line = rng.integers(0, profile.lines, len(home))
    line = np.where(source < FROM_HOME + FROM_SECOND, second, line)
    line = np.where(source < FROM_HOME, home, line)
    return members(profile, line, rng.random(len(home)))


def members(profile: Profile, line: Array, chance: Array) -> Array:
    """One item of each ``line``, by its rank's share. Item ``i`` belongs to line ``i % lines``."""
    import numpy as np

    sizes = (profile.items - 1 - line) // profile.lines + 1
    ranks = np.arange(1, -(-profile.items // profile.lines) + 1)
    share = np.cumsum(ranks**-ZIPF)
    rank = np.searchsorted(share, chance * share[sizes - 1], side="right")
    return line + profile.lines * np.minimum(rank, sizes - 1)
