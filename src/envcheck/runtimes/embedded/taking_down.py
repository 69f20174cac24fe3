"""From running to nothing: asked first, killed after, proven by looking again."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence

from envcheck.model.runtime import Resource
from envcheck.runtimes.embedded import removal
from envcheck.runtimes.embedded.processes import look
from envcheck.runtimes.embedded.site import Site

MARGIN_SECONDS = 5.0  # beyond the grace periods, before we end things ourselves


class TakingDown:
    def __init__(self, site: Site) -> None:
        self._site = site

    def stop(self, services: Iterable[str], *, patient: bool = True) -> list[str]:
        """Sentences about what would not end. Without patience they are killed at once."""
        supervision = self._site.supervision
        kept = supervision.kept()
        asked = [name for name in services if name in kept]
        leaders = [leader for name in asked if (leader := look(kept[name]))]
        supervision.ask_to_stop(asked)
        if patient:
            supervision.wait_until_down(asked, self._grace(asked) + MARGIN_SECONDS)
        left = [text for leader in leaders for text in removal.end_group(leader)]
        supervision.wait_until_down(asked, MARGIN_SECONDS)
        if not left:
            self._forget_processes(asked)
        return left

    def undo(self, *, run: str | None, volumes: bool) -> Sequence[str]:
        standing = self._site.ledger.standing(run)
        services = {one.service for one in standing if one.kind == "process"} - {""}
        others = self._site.supervision.kept().keys() - services
        alone = run is None or not others
        patient = not volumes  # what is thrown away with its data need not save it first
        left = self._end_everything(patient=patient) if alone else self._end(services, patient)
        if volumes:
            left += self._remove_volumes(standing, everything=run is None)
        layout = self._site.layout
        left += removal.sweep(layout.state, layout.data)
        removal.remove_if_empty(layout.data, layout.socket.parent, layout.state)
        if not left:
            self._forget(standing, volumes=volumes, alone=alone)
        return left

    def _end_everything(self, *, patient: bool) -> list[str]:
        supervision, layout = self._site.supervision, self._site.layout
        supervisor = supervision.process()
        if supervisor and patient:
            self.stop(supervision.kept())
            supervision.shut_down()
            deadline = time.monotonic() + MARGIN_SECONDS
            while supervisor.alive and time.monotonic() < deadline:
                time.sleep(0.01)
        left = removal.end_all(layout, self._site.ledger)
        self._site.venvs.sweep()
        return [*left, *removal.remove(layout.passing)]

    def _end(self, services: Collection[str], patient: bool) -> list[str]:
        """Others still run under the same supervisor: only these services' own files go."""
        left, layout = self.stop(services, patient=patient), self._site.layout
        for name in services:
            left += removal.remove((layout.spec(name), layout.mark(name), layout.log(name)))
        return left

    def _remove_volumes(self, standing: Sequence[Resource], *, everything: bool) -> Sequence[str]:
        layout = self._site.layout
        if everything:
            return removal.remove((layout.data,))
        names = [resource.id for resource in standing if resource.kind == "volume"]
        return removal.remove(layout.volume(name) for name in names)

    def _grace(self, services: Iterable[str]) -> float:
        known = self._site.project.services
        return max((known[name].stop_grace_period for name in services if name in known), default=0)

    def _forget_processes(self, services: Collection[str]) -> None:
        for resource in self._site.ledger.standing():
            if resource.kind == "process" and resource.service in services:
                self._site.ledger.gone(resource)

    def _forget(self, standing: Sequence[Resource], *, volumes: bool, alone: bool) -> None:
        """Where others still run, supervisor and state folder stay theirs."""
        for resource in standing:
            is_volume = resource.kind == "volume"
            shared = not resource.service and not is_volume and not alone
            if not shared and (volumes or not is_volume):
                self._site.ledger.gone(resource)
