"""Does row-level security hold for the application's role: declared, and in effect?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from envcheck.checks.postgres_tables import find
from envcheck.model.outcome import Observation, broken, not_yet, passed

BYPASSES = """
    SELECT rolname, rolsuper, rolname = current_user FROM pg_roles
    WHERE (rolsuper OR rolbypassrls) AND pg_has_role(current_user, oid, 'MEMBER')
    ORDER BY rolname <> current_user
"""
# A policy of no role (0) is for everybody; a table's owner is exempt unless it is FORCEd.
SECURITY = """
    SELECT c.relrowsecurity, c.relforcerowsecurity, pg_has_role(current_user, c.relowner, 'MEMBER'),
           EXISTS (SELECT 1 FROM pg_policy p, unnest(p.polroles) AS role WHERE p.polrelid = c.oid
                   AND CASE WHEN role = 0 THEN true
                            ELSE pg_has_role(current_user, role, 'MEMBER') END)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s
"""


@dataclass(frozen=True, slots=True)
class Security:
    table: str
    enabled: bool
    forced: bool
    owned: bool
    policies: bool


def row_security_declared(tables: Sequence[str]) -> Callable[[Any], Observation]:
    """Enabled on each table, with a policy, for a role that cannot go round it."""

    def ask(cursor: Any) -> Observation:
        cursor.execute(BYPASSES)
        strong = cursor.fetchall()
        if strong:
            return _bypassed(*strong[0])
        found, search_path = find(cursor, tables)
        here = {one: table for one in tables for table in found if table.answers_to(one)}
        absent = [one for one in tables if one not in here]
        if absent:
            return _absent(absent, search_path)
        facts = [_security(cursor, one, here[one].schema, here[one].name) for one in tables]
        return judge_security(facts)

    return ask


def _security(cursor: Any, wanted: str, schema: str, name: str) -> Security:
    cursor.execute(SECURITY, (schema, name))
    return Security(wanted, *cursor.fetchone())


def judge_security(facts: Sequence[Security]) -> Observation:
    off = [fact.table for fact in facts if not fact.enabled]
    if off:
        return _off(off)
    exempt = [fact.table for fact in facts if fact.owned and not fact.forced]
    if exempt:
        return _exempt(exempt)
    lawless = [fact.table for fact in facts if not fact.policies]
    if lawless:
        return _lawless(lawless)
    return passed(f"row security holds on {', '.join(fact.table for fact in facts)}")


def _bypassed(role: str, superuser: bool, self_: bool) -> Observation:
    power = "a superuser" if superuser else "BYPASSRLS"
    observed = f"{role} is {power}" if self_ else f"the user may become {role}, which is {power}"
    cure = f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS" if self_ else f"REVOKE {role} from the user"
    return broken(
        f"{observed}: no policy applies to it",
        cause="postgres.role-bypasses-row-security",
        fix=f"{cure}; say `as:` the application's role if another was meant",
    )


def _absent(tables: Sequence[str], search_path: str) -> Observation:
    return not_yet(
        f"there is no table {', '.join(tables)}",
        cause="postgres.table-missing",
        fix="run the migrations",
        evidence=(f"search_path: {search_path}",),
    )


def _off(tables: Sequence[str]) -> Observation:
    return broken(
        f"row security is off on {', '.join(tables)}",
        cause="postgres.row-security-off",
        fix="; ".join(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in tables),
    )


def _exempt(tables: Sequence[str]) -> Observation:
    return broken(
        f"the user owns {', '.join(tables)}, and an owner is exempt from row security",
        cause="postgres.row-security-not-forced",
        fix="; ".join(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in tables),
    )


def _lawless(tables: Sequence[str]) -> Observation:
    return broken(
        f"no policy for this user on {', '.join(tables)}: it sees nothing at all",
        cause="postgres.policy-missing",
        fix="create a policy for the role on each of them",
    )
