"""Who gets in, and who does not."""

import time
from collections.abc import Iterator

import jwt
import psycopg
import pytest
import requests

from conftest import ADMIN, ALPHA, BETA, PASSWORD, SECRET, Api

RECOMMEND = "/api/v1/recommendations"
ASK = {"user_id": "user_1", "count": 3}
PUBLIC = {"/health", "/api/v1/auth/login", "/api/v1/auth/refresh"}


def code(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error", "timestamp"}
    assert set(body["error"]) == {"code", "message", "details"}
    return answer.status_code, body["error"]["code"]


def claims(**changed: object) -> dict[str, object]:
    now = int(time.time())
    usual = {"sub": ADMIN, "tenant_id": ALPHA, "email": "admin@alpha.example"}
    return {**usual, "role": "tenant_admin", "type": "access", "exp": now + 60, **changed}


def forged(key: str = SECRET, algorithm: str = "HS256", **changed: object) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm)


def test_a_login_brings_a_pair_of_tokens_with_the_promised_claims(api: Api) -> None:
    said = api.login("Admin@Alpha.example").json()
    assert said["expires_in"] == 900
    access = jwt.decode(said["access_token"], SECRET, algorithms=["HS256"])
    refresh = jwt.decode(said["refresh_token"], SECRET, algorithms=["HS256"])
    assert claims().keys() <= access.keys()
    assert (access["sub"], access["tenant_id"], access["role"]) == (ADMIN, ALPHA, "tenant_admin")
    assert (access["type"], refresh["type"]) == ("access", "refresh")
    assert access["exp"] - access["iat"] == 15 * 60
    assert refresh["exp"] - refresh["iat"] == 7 * 24 * 3600


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("admin@alpha.example", "wrong"),
        ("nobody@alpha.example", PASSWORD),
        ("admin@alpha.example", "x" * 200),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_every_wrong_login_hears_the_same(api: Api, email: str, password: str) -> None:
    answer = api.login(email, password)
    assert code(answer) == (401, "unauthorized")
    assert answer.json()["error"]["message"] == "E-mail or password is wrong."


def test_a_refresh_token_refreshes_and_does_nothing_else(api: Api) -> None:
    pair = api.login("admin@alpha.example").json()
    refreshed = api.ask(
        "POST", "/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}
    )
    assert api.ask("GET", "/api/v1/usage", refreshed.json()["access_token"]).status_code == 200
    assert code(api.ask("GET", "/api/v1/usage", pair["refresh_token"])) == (401, "unauthorized")
    swapped = {"refresh_token": pair["access_token"]}
    assert code(api.ask("POST", "/api/v1/auth/refresh", json=swapped)) == (401, "unauthorized")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "rubbish",
        forged(key="another-secret-of-at-least-32-bytes"),
        forged(exp=int(time.time()) - 60),
        forged(key="", algorithm="none"),
        forged(key=SECRET * 2, algorithm="HS512"),
        forged(sub="user-1"),
        forged(tenant_id=BETA),
        forged(type="refresh"),
    ],
)
def test_a_bad_token_is_refused_before_the_body_is_read(api: Api, token: str) -> None:
    assert code(api.ask("POST", RECOMMEND, token, data="{not json")) == (401, "unauthorized")


def test_the_role_is_the_databases_not_the_tokens(api: Api) -> None:
    token = forged(role="platform_admin")
    assert code(api.ask("GET", "/api/admin/tenants", token)) == (403, "forbidden")


def routes(api: Api) -> Iterator[tuple[str, str]]:
    for path, methods in api.ask("GET", "/openapi.json").json()["paths"].items():
        for method in methods:
            yield method.upper(), path


def test_every_route_but_the_public_ones_wants_to_know_who_asks(api: Api) -> None:
    found = [route for route in routes(api) if route[1] not in PUBLIC]
    assert len(found) > 20
    for method, path in found:
        assert code(api.ask(method, path)) == (401, "unauthorized"), (method, path)


def test_another_tenant_is_refused_in_path_body_and_header(api: Api, admin: str) -> None:
    own, foreign = f"/api/v1/tenants/{ALPHA}/users", f"/api/v1/tenants/{BETA}/users"
    assert api.ask("GET", own, admin).status_code == 200
    assert code(api.ask("GET", foreign, admin)) == (403, "forbidden")
    for tenant, status in ((ALPHA, 200), (BETA, 403)):
        body = {**ASK, "tenant_id": tenant}
        assert api.ask("POST", RECOMMEND, admin, json=body).status_code == status
        header = {"X-Tenant-ID": tenant}
        answer = api.ask("POST", RECOMMEND, admin, json=ASK, headers=header)
        assert answer.status_code == status
    for path in ("/api/v1/usage", "/api/v1/analytics", "/api/admin/audit-logs"):
        assert code(api.ask("GET", f"{path}?tenant_id={BETA}", admin)) == (403, "forbidden")


def test_what_is_absent_is_not_found(api: Api, admin: str) -> None:
    assert code(api.ask("GET", f"/api/v1/tenants/{ALPHA}/users/{BETA}", admin)) == (
        404,
        "not_found",
    )
    assert code(api.ask("DELETE", f"/api/v1/api-keys/{BETA}", admin)) == (404, "not_found")


def test_an_api_key_is_shown_once_works_for_its_scope_and_ends_with_its_removal(
    api: Api, admin: str
) -> None:
    made = api.ask("POST", "/api/v1/api-keys", admin, json={"name": "shop"})
    assert made.status_code == 201
    key = {"X-API-Key": made.json()["key"]}
    assert made.json()["key"] not in api.ask("GET", "/api/v1/api-keys", admin).text
    assert api.ask("POST", RECOMMEND, json=ASK, headers=key).status_code == 200
    assert code(api.ask("GET", "/api/v1/usage", headers=key)) == (403, "forbidden")
    assert code(api.ask("GET", "/api/v1/api-keys", headers=key)) == (403, "forbidden")
    again = api.ask("POST", "/api/v1/api-keys", admin, json={"name": "shop"})
    assert code(again) == (409, "conflict")
    api.ask("DELETE", f"/api/v1/api-keys/{made.json()['id']}", admin)
    assert code(api.ask("POST", RECOMMEND, json=ASK, headers=key)) == (401, "unauthorized")


def test_an_expired_key_is_refused(api: Api, admin: str) -> None:
    asked = {"name": "brief", "expires_in_days": 1}
    made = api.ask("POST", "/api/v1/api-keys", admin, json=asked).json()
    with psycopg.connect(api.owner_url) as owner:
        owner.execute("UPDATE api_keys SET expires_at = now() WHERE id = %s", [made["id"]])
    key = {"X-API-Key": made["key"]}
    assert code(api.ask("POST", RECOMMEND, json=ASK, headers=key)) == (401, "unauthorized")
