"""The gate: the few things that must look across tenants.

No role and no setting of the application ever sees two tenants at once. What has to be found
before the tenant is known (a login by e-mail, an API key by its hash) and what belongs to no
tenant (making, changing, removing tenants, reading everyone's audit log) goes through the functions
below. They are SECURITY DEFINER and owned by `embeddings_gate`, a role that cannot log in, is no
superuser and does not bypass row security either: a second policy, bound to that role alone, lets
it read exactly three tables. The application may only call the functions; it is not a member of
the role, so it cannot SET ROLE to it or name its policy. Lookups answer at most one row for an
exact key. Everything else takes the acting user and asks the database, not the application,
whether that user is an active platform administrator, so a tenant's request cannot get there by a
forgotten check in the code. All other work of a platform administrator visits one tenant at a
time. What this cannot do: a process that holds the application's password chooses its tenant
itself; that is why `database.Database.enter` is the only place in the code that sets it.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

READS = ("users", "api_keys", "audit_logs")

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"

FUNCTIONS = {
    "login_lookup(text)": f"""
CREATE FUNCTION login_lookup(wanted text) RETURNS TABLE (
    user_id uuid, email text, tenant_id uuid, tenant_status text,
    password_hash text, role text, status text
) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT u.id, u.email, u.tenant_id, t.status, u.password_hash, u.role, u.status
    FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE u.email = lower(wanted)
$$""",
    "api_key_lookup(text)": f"""
CREATE FUNCTION api_key_lookup(wanted_hash text) RETURNS TABLE (
    api_key_id uuid, name text, tenant_id uuid, tenant_status text, scopes text[], usable boolean
) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT k.id, k.name, k.tenant_id, t.status, k.scopes,
           k.status = 'active' AND coalesce(k.expires_at > now(), true)
    FROM api_keys k JOIN tenants t ON t.id = k.tenant_id WHERE k.key_hash = wanted_hash
$$""",
    "demand_platform_admin(uuid)": f"""
CREATE FUNCTION demand_platform_admin(actor uuid) RETURNS void
LANGUAGE plpgsql STABLE {DEFINER} AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM users u JOIN tenants t ON t.id = u.tenant_id
                   WHERE u.id = actor AND u.role = 'platform_admin'
                     AND u.status = 'active' AND t.status = 'active') THEN
        RAISE insufficient_privilege USING MESSAGE = 'only a platform administrator may do this';
    END IF;
END $$""",
    "create_tenant(uuid, text, text, jsonb)": f"""
CREATE FUNCTION create_tenant(actor uuid, new_name text, new_slug text, new_settings jsonb)
RETURNS SETOF tenants LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    PERFORM demand_platform_admin(actor);
    RETURN QUERY INSERT INTO tenants (name, slug, settings)
        VALUES (new_name, new_slug, new_settings) RETURNING *;
END $$""",
    "change_tenant(uuid, uuid, text, text, jsonb)": f"""
CREATE FUNCTION change_tenant(
    actor uuid, wanted uuid, new_name text, new_status text, new_settings jsonb
) RETURNS SETOF tenants LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    PERFORM demand_platform_admin(actor);
    RETURN QUERY UPDATE tenants t SET name = coalesce(new_name, t.name),
        status = coalesce(new_status, t.status), settings = coalesce(new_settings, t.settings),
        updated_at = now() WHERE t.id = wanted RETURNING t.*;
END $$""",
    "delete_tenant(uuid, uuid)": f"""
CREATE FUNCTION delete_tenant(actor uuid, wanted uuid) RETURNS SETOF uuid
LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    PERFORM demand_platform_admin(actor);
    RETURN QUERY DELETE FROM tenants WHERE id = wanted AND status = 'suspended' RETURNING id;
END $$""",
    "every_audit_log(uuid, uuid, timestamptz, timestamptz)": f"""
CREATE FUNCTION every_audit_log(actor uuid, of_tenant uuid, since timestamptz, until timestamptz)
RETURNS SETOF audit_logs LANGUAGE plpgsql STABLE {DEFINER} AS $$
BEGIN
    PERFORM demand_platform_admin(actor);
    RETURN QUERY SELECT a.* FROM audit_logs a
        WHERE (of_tenant IS NULL OR a.tenant_id = of_tenant)
          AND a."timestamp" >= since AND a."timestamp" < until;
END $$""",
}


def upgrade() -> None:
    op.execute("GRANT USAGE ON SCHEMA public TO embeddings_gate")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON tenants TO embeddings_gate")
    for table in READS:
        op.execute(f"GRANT SELECT ON {table} TO embeddings_gate")
        op.execute(f"CREATE POLICY gate ON {table} FOR SELECT TO embeddings_gate USING (true)")
    for signature, body in FUNCTIONS.items():
        op.execute(body)
        op.execute(f"ALTER FUNCTION {signature} OWNER TO embeddings_gate")
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO embeddings_app")


def downgrade() -> None:
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    for table in READS:
        op.execute(f"DROP POLICY gate ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM embeddings_gate")
    op.execute("REVOKE ALL ON tenants FROM embeddings_gate")
    op.execute("REVOKE USAGE ON SCHEMA public FROM embeddings_gate")
