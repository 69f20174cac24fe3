"""From running to nothing: asked first, removed by id, only what carries our nonce, and proven."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from envcheck.errors import StackError
from envcheck.model.runtime import Resource
from envcheck.runtimes.compose.children import end_orphans
from envcheck.runtimes.compose.daemon import refused
from envcheck.runtimes.compose.declared import NONCE
from envcheck.runtimes.compose.site import Inspected, Site, service_of

AT_ONCE = 8
ROUNDS = 3  # a container the engine was still making is met in the next
DEFAULT_GRACE = 10.0  # seconds, the engine's own


class TakingDown:
    def __init__(self, site: Site) -> None:
        self._site = site

    def stop(self, services: Iterable[str]) -> list[str]:
        """Sentences about what would not end."""
        wanted = set(services)
        return self._each(
            self._stop, [it for it in self._site.containers() if service_of(it) in wanted]
        )

    def _stop(self, seen: Inspected) -> None:
        if seen["State"]["Running"] or seen["State"]["Restarting"]:
            declared = self._site.project.services.get(service_of(seen))
            grace = declared.stop_grace_period if declared else DEFAULT_GRACE
            with refused():
                self._site.client.stop(seen["Id"], timeout=int(grace))

    def undo(self, *, run: str | None, volumes: bool) -> Sequence[str]:
        standing = self._site.ledger.standing(run)
        if not standing and run is not None:
            return []
        left = end_orphans(self._site.ledger)
        for _ in range(ROUNDS):
            ours = self._containers(standing, run)
            if not ours:
                break
            left += self._remove_containers(ours, volumes=volumes)
        left += self._remove_networks(standing, run)
        if volumes:
            left += self._remove_volumes(standing, run)
        left = list(dict.fromkeys([*left, *self._proof(standing, run, volumes=volumes)]))
        if not left:
            self._forget(standing, run, volumes=volumes)
        return left

    def _containers(self, standing: Sequence[Resource], run: str | None) -> list[Inspected]:
        """Of one run: those it entered, and those of a start it was killed in."""
        here = self._site.containers()
        if run is None:
            return here
        entered = {it.id for it in standing if it.kind == "container"}
        begun = {it.service for it in standing if it.id == f"start of {it.service}"}
        everyones = {it.id for it in self._site.ledger.standing() if it.kind == "container"}
        return [
            it
            for it in here
            if it["Id"] in entered or (service_of(it) in begun and it["Id"] not in everyones)
        ]

    def _remove_containers(self, ours: Sequence[Inspected], *, volumes: bool) -> list[str]:
        """What is thrown away with its data need not save it first."""
        left = [] if volumes else self._each(self._stop, ours)
        return left + self._each(lambda it: self._remove(it, volumes=volumes), ours)

    def _remove(self, seen: Inspected, *, volumes: bool) -> None:
        from docker import errors

        if self._site.inspect(seen["Id"]) is None:  # gone, or no longer ours: asked right before
            return
        with refused(), suppress(errors.NotFound):
            self._site.client.remove_container(seen["Id"], v=volumes, force=True)

    def _remove_networks(self, standing: Sequence[Resource], run: str | None) -> list[str]:
        entered = {it.id for it in standing if it.kind == "network"}
        left = []
        for network in self._ours("networks"):
            if run is not None and network["Name"] not in entered:
                continue
            seen = self._site.network(network["Id"]) or {}
            users = [str(it["Name"]) for it in (seen.get("Containers") or {}).values()]
            if users and run is not None:
                continue  # another run's services are on it: it is theirs now
            if users:
                left.append(f"network {network['Name']} is still used by {', '.join(users)}")
            elif seen:
                left += self._tried(lambda it: self._site.client.remove_network(it["Id"]), network)
        return left

    def _remove_volumes(self, standing: Sequence[Resource], run: str | None) -> list[str]:
        entered = {it.id for it in standing if it.kind == "volume"}
        named = [it for it in self._ours("volumes") if run is None or it["Name"] in entered]
        nameless = [
            seen
            for it in standing
            if it.facts.get("anonymous") and (seen := self._site.volume(it.id))
        ]
        left: list[str] = []
        for volume in (*named, *nameless):
            left += self._tried(lambda it: self._site.client.remove_volume(it["Name"]), volume)
        return left

    def _ours(self, kind: str) -> list[dict[str, Any]]:
        """By label, and looked at again: a filter is the engine's word, the label is the proof."""
        client, filters = self._site.client, {"label": self._site.marked}
        with refused():
            found: list[dict[str, Any]] = (
                client.networks(filters=filters)
                if kind == "networks"
                else client.volumes(filters=filters)["Volumes"] or []
            )
        return [it for it in found if (it["Labels"] or {}).get(NONCE) == self._site.ledger.nonce]

    def _proof(self, standing: Sequence[Resource], run: str | None, *, volumes: bool) -> list[str]:
        left = [f"container {it['Name'].lstrip('/')}" for it in self._containers(standing, run)]
        if run is None:
            kinds = ("networks", "volumes") if volumes else ("networks",)
            left += [f"{kind[:-1]} {it['Name']}" for kind in kinds for it in self._ours(kind)]
        return [f"{it} is still there" for it in left]

    def _forget(self, standing: Sequence[Resource], run: str | None, *, volumes: bool) -> None:
        for resource in standing:
            kept = resource.kind == "volume" and not volumes
            theirs = resource.kind == "network" and self._site.network(resource.id) is not None
            if not kept and not theirs:
                self._site.ledger.gone(resource)
        if run is None:
            self._site.ports.forget()
            shutil.rmtree(self._site.folder, ignore_errors=True)

    def _each(self, do: Any, seen: Sequence[Any]) -> list[str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [
                text for left in pool.map(lambda it: self._tried(do, it), seen) for text in left
            ]

    def _tried(self, do: Any, what: Any) -> list[str]:
        """Nothing when it worked or was no longer needed, else what the engine said."""
        from docker import errors

        try:
            with refused(), suppress(errors.NotFound):
                do(what)
        except StackError as error:
            return [f"{str(what['Name']).lstrip('/')}: {error.message}"]
        return []
