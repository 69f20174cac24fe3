"""What the database says of a tenant."""

from __future__ import annotations

from uuid import UUID

from data_pipeline.errors import Refused


def demand_active(url: str, tenant: UUID) -> None:
    """Raises 403 for a suspended or unknown tenant, 503 where nobody can tell: an upload for a
    suspended tenant must not slip through while the database is away."""
    import psycopg

    try:
        with psycopg.connect(
            url, connect_timeout=2, options="-c statement_timeout=2s", autocommit=True
        ) as connection:
            query = "SELECT status FROM tenants WHERE id = %s"
            row = connection.execute(query, (tenant,)).fetchone()
    except psycopg.Error as error:
        raise Refused(503, "The tenant cannot be looked up now. Try again.") from error
    if row is None or row[0] != "active":
        raise Refused(403, "This tenant may not upload.")
