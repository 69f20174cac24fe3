"""An upload from its first byte to its acceptance."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from data_pipeline import files, metrics
from data_pipeline.errors import Refused
from data_pipeline.outbox import Outbox, Upload
from data_pipeline.rows import Kind, plain, validate
from data_pipeline.settings import Settings
from data_pipeline.storage import Storage

log = logging.getLogger("data_pipeline.intake")


class Intake:
    def __init__(self, settings: Settings, storage: Storage, outbox: Outbox) -> None:
        self._settings, self._storage, self._outbox = settings, storage, outbox

    def take(self, tenant: UUID, kind: Kind, content: BinaryIO, form: str) -> Upload:
        """Validate, store, queue. Raises Refused; then nothing of the upload is kept."""
        report = validate(kind, files.rows(kind, content, form, self._settings.most_rows))
        metrics.uploaded(kind.name, len(report.rows), report.rejected)
        if not report.rows:
            raise Refused(422, "No row of the file can be used.", report.said())
        upload_id = str(uuid4())
        key = f"tenant={tenant}/{upload_id}.parquet"
        upload = Upload(upload_id, str(tenant), kind.name, kind.bucket, key, report.said())
        self._outbox.intend(upload)
        try:
            self._storage.put(kind.bucket, key, files.packed(kind, report.rows))
        except Refused:
            self._outbox.forget(upload_id)
            raise
        self._outbox.accept(upload, kind.topic, _events(kind, upload, report.rows))
        fields = {"upload_id": upload_id, "kind": kind.name, "accepted": len(report.rows)}
        log.info("upload accepted", extra={"fields": fields})
        return self._outbox.upload(upload_id, str(tenant)) or upload

    def tidy(self) -> None:
        """Remove what a kill left between S3 and the queue: nobody was told that it was accepted.
        Only for who knows that no other process is at work on the queue."""
        left = self._outbox.left_behind()
        if not left:
            return
        from botocore.exceptions import BotoCoreError, ClientError

        for upload in left:
            try:
                self._storage.delete(upload.bucket, upload.object)
            except (BotoCoreError, ClientError):
                log.warning("an unfinished upload stays until the next start")
                continue
            self._outbox.forget(upload.id)


def _events(
    kind: Kind, upload: Upload, rows: list[dict[str, Any]]
) -> Iterator[tuple[bytes, bytes]]:
    for row in rows:
        said = {column: plain(value) for column, value in row.items()}
        value = {"tenant_id": upload.tenant, "upload_id": upload.id, **said}
        yield str(row[kind.key]).encode(), json.dumps(value).encode()
