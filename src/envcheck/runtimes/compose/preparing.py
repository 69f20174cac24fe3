"""Images built or pulled before anything starts; what cannot be had is remembered, with why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from envcheck.errors import PrepareError
from envcheck.model.seed import Progress
from envcheck.runtimes.compose.images import StandIns
from envcheck.runtimes.compose.site import Site, refuse_unknown
from envcheck.runtimes.compose.substituting import on

Announce = Callable[[Sequence[str], str], None]  # services, words; no words: it is over
BUILD_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Step:
    """Something to build or pull, said to a person; ``do`` raises PrepareError."""

    services: list[str]
    words: str
    do: Callable[[], None]


class Preparing:
    def __init__(self, site: Site) -> None:
        self._site = site

    def prepare(self, services: Sequence[str], progress: Progress, announce: Announce) -> None:
        """Goes on after a refusal: the services it does not concern can still come up."""
        steps = self._steps(services)
        for done, step in enumerate(steps):
            progress(done, len(steps), "images", step.words)
            announce(step.services, step.words)
            try:
                step.do()
            except PrepareError as error:
                self._site.refused |= dict.fromkeys(step.services, error.message)
            finally:
                announce(step.services, "")
        if steps:
            progress(len(steps), len(steps), "images")

    def _steps(self, services: Sequence[str]) -> list[Step]:
        for name in services:
            refuse_unknown(name, self._site.declared)
        stand_ins = self._site.stand_ins
        made_here = self._bases(services, stand_ins) if stand_ins else ()
        return [*made_here, *self._missing(services)]

    def _bases(self, services: Sequence[str], stand_ins: StandIns) -> Iterator[Step]:
        """The stand-ins that are missing, bases first, each with the services that stand on it."""
        users: dict[str, list[str]] = {}
        for service in services:
            build = self._site.declared.services[service].get("build")
            named = map(stand_ins.tag, on(build).values()) if build else ()
            for tag in (*named, self._site.declared.image(service)):
                for name in stand_ins.missing(tag):
                    users.setdefault(name, []).append(service)
        for name, names in users.items():
            words = f"building the stand-in {name}: {', '.join(names)} runs on it"
            yield Step(names, words, partial(stand_ins.build, name))

    def _missing(self, services: Sequence[str]) -> Iterator[Step]:
        """One step per image that is not here and is no stand-in."""
        declared = self._site.declared
        found: dict[str, list[str]] = {}
        for name in services:
            fetched = declared.is_built(name) or not self._site.stand_ins
            if fetched and name not in self._site.refused:
                found.setdefault(declared.image(name), []).append(name)
        for image, names in found.items():
            if not self._site.image_id(image):
                verb = "building" if declared.is_built(names[0]) else "pulling"
                words = f"{verb} {image}: {', '.join(names)} runs on it"
                yield Step(names, words, partial(self._fetch, names))

    def _fetch(self, names: Sequence[str]) -> None:
        """Raises PrepareError with the builder's or the registry's own words."""
        declared = self._site.declared
        verb, what = ("build", "built") if declared.is_built(names[0]) else ("pull", "pulled")
        words = (*declared.write(), verb, "--quiet", names[0])
        said = self._site.commands.compose(*words, timeout=BUILD_SECONDS)
        if said.code:
            raise PrepareError(f"{declared.image(names[0])} could not be {what}: {said.reason}")
