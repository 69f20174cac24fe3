"""Each thing pulled in turn is found by ``envcheck verify``, named first and alone, and undone."""

from __future__ import annotations

import pytest

from tests.scenarios import faults
from tests.scenarios.findings import blames, whole
from tests.scenarios.stage import Stage

pytestmark = pytest.mark.scenario


def test_a_deleted_topic_is_named(stack: Stage) -> None:
    with faults.topic_deleted(stack, "alerts"):
        [found] = blames(stack.verify(), ("kafka", "kafka.topic-missing"))
        assert "alerts" in found["summary"]
    whole(stack.verify())


def test_a_deleted_bucket_is_named(stack: Stage) -> None:
    with faults.bucket_deleted(stack, "embeddings-training-data"):
        [found] = blames(stack.verify(), ("minio", "s3.bucket-missing"))
        assert "embeddings-training-data" in found["summary"]
    whole(stack.verify())


def test_a_dropped_table_is_named(stack: Stage) -> None:
    with faults.table_dropped(stack, "usage_logs"):
        [found] = blames(stack.verify(), ("postgres", "postgres.table-missing"))
        assert "usage_logs" in found["summary"]
    whole(stack.verify())


def test_a_dropped_column_is_named(stack: Stage) -> None:
    with faults.column_dropped(stack, "tenants", "settings"):
        [found] = blames(stack.verify(), ("postgres", "postgres.column-missing"))
        assert "settings" in found["summary"]
    whole(stack.verify())


def test_a_migration_behind_is_named(stack: Stage) -> None:
    with faults.migration_at(stack, "0002"):
        [found] = blames(stack.verify(), ("postgres", "postgres.migration-behind"))
        assert "0003" in found["summary"]
    whole(stack.verify())


def test_a_migration_this_checkout_does_not_have_is_named(stack: Stage) -> None:
    with faults.migration_at(stack, "9999"):
        blames(stack.verify(), ("postgres", "postgres.migration-unknown"))
    whole(stack.verify())


def test_row_security_switched_off_is_named(stack: Stage) -> None:
    with faults.row_security_off(stack, "api_keys"):
        [found] = blames(stack.verify(), ("postgres", "postgres.row-security-off"))
        assert "api_keys" in found["summary"]
    whole(stack.verify())


def test_an_application_role_made_superuser_is_named(stack: Stage) -> None:
    with faults.role_is_superuser(stack):
        blames(stack.verify(), ("postgres", "postgres.role-bypasses-row-security"))
    whole(stack.verify())


def test_a_changed_redis_password_is_named(stack: Stage) -> None:
    with faults.redis_password_changed(stack):
        blames(stack.verify(), ("redis", "redis.password-refused"))
    whole(stack.verify())


def test_a_redis_out_of_memory_is_named(stack: Stage) -> None:
    with faults.redis_out_of_memory(stack):
        blames(stack.verify(), ("redis", "redis.out-of-memory"))
    whole(stack.verify())


def test_a_killed_ml_engine_is_named(stack: Stage) -> None:
    with faults.killed(stack, "ml-engine"):
        blames(stack.verify(), ("ml-engine", "service.killed"))
    whole(stack.verify())


def test_removed_rows_are_named(stack: Stage) -> None:
    with faults.rows_removed(stack):
        [found] = blames(stack.verify(), ("postgres", "postgres.rows-missing"))
        assert "analyst@demo.com" in found["summary"]
    whole(stack.verify())


def test_a_rate_limiter_switched_off_is_named(stack: Stage) -> None:
    with faults.rate_limiter_off(stack):
        blames(stack.verify(), ("backend-api", "api.no-rate-limit"))
    whole(stack.verify())


@pytest.mark.parametrize(
    ("service", "cause"),
    [("backend-api", "api.token-signature"), ("data-pipeline", "api.token-refused")],
)
def test_another_token_secret_on_one_service_is_laid_at_its_door(
    stack: Stage, service: str, cause: str
) -> None:
    other = "another-hs256-signing-key-of-32-bytes-or-more"
    with faults.restarted_with(stack, service, "JWT_SECRET", other):
        blames(stack.up(), (service, cause))
        blames(stack.verify(), (service, cause))
    whole(stack.verify())


def test_a_topic_and_a_password_are_two_roots(stack: Stage) -> None:
    with faults.topic_deleted(stack, "alerts"), faults.role_password_changed(stack):
        blames(
            stack.verify(),
            ("postgres", "postgres.login-refused"),
            ("kafka", "kafka.topic-missing"),
        )
    whole(stack.verify())


def test_row_security_and_redis_memory_are_two_roots(stack: Stage) -> None:
    with faults.row_security_off(stack, "users"), faults.redis_out_of_memory(stack):
        blames(
            stack.verify(),
            ("postgres", "postgres.row-security-off"),
            ("redis", "redis.out-of-memory"),
        )
    whole(stack.verify())
