"""From files to running containers. Every intent is in the ledger before the step."""

from __future__ import annotations

from collections.abc import Sequence

from envcheck.errors import StackError
from envcheck.model.runtime import Resource
from envcheck.model.seed import Progress
from envcheck.runtimes.compose.preparing import Announce, Preparing
from envcheck.runtimes.compose.site import (
    CONFIG_HASH,
    Inspected,
    Site,
    labels,
    refuse_unknown,
    service_of,
)

ANONYMOUS = 64  # hex digits of the name of a volume nobody named


class BringingUp:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._hashes: dict[str, str] = {}

    def prepare(self, services: Sequence[str], progress: Progress, announce: Announce) -> None:
        """Images and ports. What cannot be had is said when it is to be started."""
        self._site.demand_ours()
        self._settle_ports(services)
        Preparing(self._site).prepare(services, progress, announce)

    def _settle_ports(self, services: Sequence[str]) -> None:
        running = {service_of(it) for it in self._site.containers() if it["State"]["Running"]}
        for name in services:
            for port in self._site.declared.published(name) if name not in running else ():
                self._site.ports.settle(port)
        for name in self._site.declared.services:
            for port in self._site.declared.published(name):
                here = self._site.ports.chosen(port)
                if here != port.wanted:
                    self._site.declared.move(port, here)

    def start(self, service: str) -> None:
        self._site.demand_ours()
        refuse_unknown(service, self._site.declared)
        if service in self._site.refused:
            raise StackError(self._site.refused[service])
        self._settle_ports((service,))
        before = self._site.of(service)
        if before and all(it["State"]["Running"] for it in before) and self._same(service, before):
            return
        intent = Resource("container", f"start of {service}", service)
        self._site.ledger.intend(intent)
        self._intend_ground()
        said = self._site.commands.compose(*self._site.declared.write(), *_up(service))
        self._enter(service)
        self._site.ledger.gone(intent)
        if said.code:
            raise StackError(f"{service} could not be started: {said.reason}")

    def _same(self, service: str, before: Sequence[Inspected]) -> bool:
        """Compose's own measure: the hash of the service as declared now, and its image."""
        if not self._hashes:
            words = (*self._site.declared.write(), "config", "--hash", "*")
            said = self._site.commands.compose(*words, looks=True)
            self._hashes = dict(line.split() for line in said.out.splitlines() if line)
        return all(
            labels(it).get(CONFIG_HASH) == self._hashes.get(service)
            and it["Image"] == self._site.image_id(self._site.declared.image(service))
            for it in before
        )

    def _intend_ground(self) -> None:
        """Compose makes every volume and network of the project at the first start of any service;
        what exists already is somebody's."""
        declared, site = self._site.declared, self._site
        for name in declared.volumes().values():
            if site.volume(name) is None:
                site.ledger.intend(Resource("volume", name))
        for name in declared.networks().values():
            if site.network(name) is None:
                site.ledger.intend(Resource("network", name))

    def _enter(self, service: str) -> None:
        """What there is now, by id; a container that was replaced is gone."""
        known = [it for it in self._site.ledger.standing() if it.kind == "container"]
        here = {it["Id"]: it for it in self._site.of(service)}
        for resource in known:
            mine = resource.service == service and len(resource.id) == ANONYMOUS
            if mine and resource.id not in here:
                self._site.ledger.gone(resource)
        standing = {resource.id for resource in known}
        for container, seen in here.items():
            if container not in standing:
                self._site.ledger.made(Resource("container", container, service))
                self._enter_anonymous(service, seen)

    def _enter_anonymous(self, service: str, seen: Inspected) -> None:
        for mount in seen.get("Mounts") or ():
            name = str(mount.get("Name", ""))
            if mount.get("Type") == "volume" and len(name) == ANONYMOUS:
                facts = {"anonymous": "of " + seen["Id"]}
                self._site.ledger.made(Resource("volume", name, service, facts))


def _up(service: str) -> tuple[str, ...]:
    """Never ``--wait``, never its dependencies, never a build or pull nobody saw."""
    return ("up", "--detach", "--no-deps", "--no-build", "--pull", "never", service)
