"""A fixture file as the model it fills, and the two ways a seed says what stands in its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from envcheck.errors import ConfigError
from envcheck.model.check import LoginRefused, Look, Scene
from envcheck.model.outcome import Observation
from envcheck.model.problem import Place, Problem
from envcheck.model.seed import Fixtures, SeedFailed

M = TypeVar("M", bound=BaseModel)


def fixture(fixtures: Fixtures, file: str, model: type[M]) -> M:
    """The file as ``model``. Raises ConfigError with everything that is wrong in it."""
    try:
        return model.model_validate(fixtures.read(file))
    except ValidationError as error:
        place = Place(str(fixtures.folder / file))
        raise ConfigError(
            [
                Problem(place, ".".join(map(str, wrong["loc"])) or "the file", wrong["msg"])
                for wrong in error.errors(include_url=False)
            ]
        ) from error


def absent(fixtures: Fixtures, file: str) -> list[str]:
    return [] if (fixtures.folder / file).is_file() else [file]


def answered(look: Callable[[Scene], Observation]) -> Look:
    """A look whose refusal (SeedFailed, LoginRefused) is its answer: proof and seed share doors."""

    def asked(scene: Scene) -> Observation:
        try:
            return look(scene)
        except (SeedFailed, LoginRefused) as refused:
            return refused.observation

    return asked
