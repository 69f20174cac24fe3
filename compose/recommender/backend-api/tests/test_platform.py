"""What administrators do, and that it is written down."""

import csv
import io

import jwt
from test_callers import ASK, RECOMMEND, code

from conftest import ADMIN, ALPHA, BETA, PASSWORD, PLATFORM, ROOT, SECRET, Api

TENANTS = "/api/admin/tenants"


def audit(api: Api, token: str, **search: str) -> list[dict[str, object]]:
    answer = api.ask("GET", "/api/admin/audit-logs", token, params=search)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["audit_logs"])


def test_a_tenant_is_made_used_suspended_and_removed(api: Api, root: str) -> None:
    made = api.ask("POST", TENANTS, root, json={"name": "Gamma", "slug": "gamma"})
    assert made.status_code == 201
    address = made.headers["Location"]
    users = f"/api/v1/tenants/{made.json()['id']}/users"
    someone = {"email": "Eve@Gamma.example", "password": PASSWORD, "role": "tenant_admin"}
    assert api.ask("POST", users, root, json=someone).status_code == 201
    pair = api.login("eve@gamma.example").json()
    token = pair["access_token"]
    assert api.ask("POST", RECOMMEND, token, json=ASK).status_code == 200
    assert code(api.ask("DELETE", address, root)) == (409, "conflict")

    changed = api.ask("PATCH", address, root, json={"status": "suspended"})
    assert changed.json()["status"] == "suspended"
    assert code(api.ask("POST", RECOMMEND, token, json=ASK)) == (403, "forbidden")
    assert code(api.login("eve@gamma.example")) == (403, "forbidden")
    refresh = {"refresh_token": pair["refresh_token"]}
    assert code(api.ask("POST", "/api/v1/auth/refresh", json=refresh)) == (403, "forbidden")

    assert api.ask("DELETE", address, root).status_code == 204
    assert code(api.ask("GET", address, root)) == (404, "not_found")
    assert code(api.ask("POST", RECOMMEND, token, json=ASK)) == (401, "unauthorized")
    told = audit(api, root, q=made.json()["id"])
    assert [entry["action"] for entry in told] == ["tenant.delete"]


def test_only_the_platform_manages_tenants(api: Api, admin: str, root: str) -> None:
    new = {"name": "x", "slug": "alpha"}
    assert code(api.ask("POST", TENANTS, admin, json=new)) == (403, "forbidden")
    assert code(api.ask("POST", TENANTS, root, json=new)) == (409, "conflict")
    slugs = [tenant["slug"] for tenant in api.ask("GET", TENANTS, root).json()["tenants"]]
    assert {"alpha", "beta", "platform"} <= set(slugs)
    itself = api.ask("PATCH", f"{TENANTS}/{PLATFORM}", root, json={"status": "suspended"})
    assert code(itself) == (403, "forbidden")


def test_impersonation_is_short_and_written_down_on_both_sides(
    api: Api, root: str, admin: str
) -> None:
    asked = {"email": "admin@alpha.example", "reason": "ticket 17"}
    said = api.ask("POST", "/api/admin/impersonate", root, json=asked).json()
    claims = jwt.decode(said["access_token"], SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["impersonated_by"]) == (ADMIN, ROOT)
    assert claims["exp"] - claims["iat"] == said["expires_in"] == 300
    own = audit(api, admin, action="impersonation.start")
    assert own[0]["details"]["reason"] == "ticket 17"  # type: ignore[index]
    assert {entry["tenant_id"] for entry in audit(api, root, q="ticket 17")} == {ALPHA, PLATFORM}

    api.ask("POST", "/api/v1/api-keys", said["access_token"], json={"name": "by support"})
    assert audit(api, admin, q="by support")[0]["impersonated_by"] == ROOT
    again = api.ask("POST", "/api/admin/impersonate", said["access_token"], json=asked)
    assert code(again) == (403, "forbidden")
    higher = {**asked, "email": "root@test.example"}
    assert code(api.ask("POST", "/api/admin/impersonate", root, json=higher)) == (403, "forbidden")


def test_a_tenants_administrator_reads_its_own_audit_log_only(
    api: Api, admin: str, root: str
) -> None:
    api.login("admin@beta.example", "wrong")
    assert {entry["tenant_id"] for entry in audit(api, admin)} == {ALPHA}
    failed = audit(api, root, tenant_id=BETA, action="login.failed", actor="admin@beta.example")
    assert failed[0]["action"] == "login.failed"


def test_the_audit_log_as_csv_is_no_formula(api: Api, admin: str) -> None:
    api.ask("POST", "/api/v1/api-keys", admin, json={"name": "=cmd"})
    answer = api.ask("GET", "/api/admin/audit-logs?format=csv", admin)
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0]["action"] == "api_key.create"
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_training_without_airflow_goes_to_the_engine_and_says_so(api: Api, admin: str) -> None:
    started = api.ask("POST", "/api/admin/train", admin)
    assert started.status_code == 202
    assert (started.json()["through"], started.json()["run_id"]) == ("ml-engine", "run-1")
    assert "airflow" in started.json()["note"]
    assert api.ask("GET", "/api/admin/train/run-1", admin).json()["status"] == "succeeded"
    other = api.token("admin@beta.example")
    assert code(api.ask("GET", "/api/admin/train/run-1", other)) == (404, "not_found")


def test_a_deployed_model_is_seen_at_once(api: Api, admin: str) -> None:
    ask = {"user_id": "user_deploy", "count": 2}
    first, second = (api.ask("POST", RECOMMEND, admin, json=ask).json() for _ in range(2))
    assert (first["cached"], second["cached"]) == (False, True)
    deploy = {"version": "v1", "traffic_percent": 100}
    assert api.ask("POST", "/api/admin/models/deploy", admin, json=deploy).status_code == 200
    assert api.ask("POST", RECOMMEND, admin, json=ask).json()["cached"] is False
    unknown = {"version": "v9", "traffic_percent": 1}
    answer = api.ask("POST", "/api/admin/models/deploy", admin, json=unknown)
    assert code(answer) == (404, "not_found")
    too_much = {"version": "v1", "traffic_percent": 101}
    answer = api.ask("POST", "/api/admin/models/deploy", admin, json=too_much)
    assert code(answer) == (422, "validation_error")


def test_models_are_listed_for_the_asker(api: Api, admin: str, root: str) -> None:
    assert len(api.ask("GET", "/api/admin/models", admin).json()["models"]) == 1
    assert len(api.ask("GET", "/api/admin/models", root).json()["models"]) >= 3
