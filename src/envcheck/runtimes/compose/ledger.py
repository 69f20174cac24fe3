"""Our part of the project's ledger: local processes may have been entered in it as well."""

from __future__ import annotations

from dataclasses import replace

from envcheck.model.runtime import Ledger, Resource

MARK = {"runtime": "compose"}


class OwnLedger:
    """Marks what it enters, and answers only what is marked."""

    def __init__(self, whole: Ledger) -> None:
        self._whole = whole

    @property
    def nonce(self) -> str:
        return self._whole.nonce

    @property
    def run(self) -> str:
        return self._whole.run

    def intend(self, resource: Resource) -> None:
        self._whole.intend(_marked(resource))

    def made(self, resource: Resource) -> None:
        self._whole.made(_marked(resource))

    def gone(self, resource: Resource) -> None:
        self._whole.gone(_marked(resource))

    def standing(self, run: str | None = None) -> tuple[Resource, ...]:
        return tuple(
            it for it in self._whole.standing(run) if it.facts.get("runtime") == MARK["runtime"]
        )


def _marked(resource: Resource) -> Resource:
    return replace(resource, facts={**resource.facts, **MARK})
