"""Tenants do not see each other: row-level security for the applications' role.

FORCE holds even a future owner that is no superuser to the policy. The setting is read with
NULLIF: after a transaction that set it, PostgreSQL answers '' instead of NULL, and no tenant must
mean no rows, not an error.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

TENANT = "(SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid)"
RIGHTS = {
    "users": "SELECT, INSERT, UPDATE, DELETE",
    "api_keys": "SELECT, INSERT, UPDATE, DELETE",
    "rate_limits": "SELECT, INSERT, UPDATE",
    "usage_logs": "SELECT, INSERT",
    "audit_logs": "SELECT, INSERT",
}


def upgrade() -> None:
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO embeddings_app")
    op.execute("GRANT SELECT ON tenants, alembic_version TO embeddings_app")
    for table, rights in RIGHTS.items():
        op.execute(f"GRANT {rights} ON {table} TO embeddings_app")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant_isolation ON {table}"
            f" USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})"
        )


def downgrade() -> None:
    for table in RIGHTS:
        op.execute(f"DROP POLICY tenant_isolation ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM embeddings_app")
    op.execute("REVOKE ALL ON tenants, alembic_version FROM embeddings_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM embeddings_app")
