"""The published models: found in S3 when first asked for, kept in memory from then on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from ml_engine.errors import Absent
from ml_engine.releases import Release, Releases
from ml_engine.storage import MODELS, Storage

if TYPE_CHECKING:  # numpy costs a fifth of a second; the warm-up pays it, not the start
    from ml_engine.model import Model

KEPT = 8  # models in memory; the full profile's takes about 5 MB
FILES = ("embeddings.npz", "index.faiss")


class Shelf:
    """``latest.json`` is written last: a version is published whole or not at all."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._changing = threading.Lock()
        self._releases: dict[str, Releases] = {}
        self._models: OrderedDict[tuple[str, str], Model] = OrderedDict()

    def releases(self, tenant: str, *, fresh: bool = False) -> Releases:
        """No versions when the tenant has none. ``fresh`` asks S3 again. Raises StorageAway."""
        known = self._releases.get(tenant)
        if known is not None and not fresh:
            return known
        found = Releases.of(tenant, self._storage.get_json(MODELS, f"tenant={tenant}/latest.json"))
        if found.versions:  # "none" is not remembered: the next training ends it
            self._releases[tenant] = found
        else:
            self._releases.pop(tenant, None)
        return found

    def model(self, tenant: str, version: str) -> Model:
        """Raises Absent when its files are gone, StorageAway."""
        key = (tenant, version)
        model = self._models.get(key) or self._restored(tenant, version)
        with self._changing:
            self._models[key] = model
            self._models.move_to_end(key)
            while len(self._models) > KEPT:
                self._models.popitem(last=False)
        return model

    def serving(self, tenant: str, user: str) -> Model | None:
        """The model this user sees; None when the tenant has none. Raises as ``model``."""
        releases = self.releases(tenant)
        return self.model(tenant, releases.chosen(user)) if releases.versions else None

    def publish(
        self, tenant: str, model: Model, release: Release, about: dict[str, object]
    ) -> None:
        from ml_engine.model import packed

        folder = f"tenant={tenant}/{release.version}"
        for name, content in packed(model).items():
            self._storage.put(MODELS, f"{folder}/{name}", content)
        self._storage.put_json(MODELS, f"{folder}/metadata.json", about)
        metrics = {"ndcg_at_10": release.ndcg_at_10}
        self._storage.put_json(MODELS, f"{folder}/metrics.json", metrics)
        with self._changing:
            self._write(self.releases(tenant, fresh=True).published(release))
            self._models[tenant, release.version] = model

    def deploy(self, tenant: str, version: str, percent: int) -> Releases:
        with self._changing:
            changed = self.releases(tenant, fresh=True).deployed(version, percent)
            self._write(changed)
        return changed

    def tenants(self) -> list[str]:
        """Tenants with a published model. Short deadline; raises StorageAway."""
        prefixes = self._storage.folders(MODELS, "tenant=")
        named = [prefix.removeprefix("tenant=").rstrip("/") for prefix in prefixes]
        return [tenant for tenant in named if self.releases(tenant).versions]

    def _write(self, releases: Releases) -> None:
        key = f"tenant={releases.tenant_id}/latest.json"
        self._storage.put_json(MODELS, key, releases.document)
        self._releases[releases.tenant_id] = releases

    def _restored(self, tenant: str, version: str) -> Model:
        from ml_engine.model import unpacked

        files = {}
        for name in FILES:
            content = self._storage.get(MODELS, f"tenant={tenant}/{version}/{name}")
            if content is None:
                raise Absent(f"model {version} of tenant {tenant} lost its file {name}")
            files[name] = content
        return unpacked(version, files)
