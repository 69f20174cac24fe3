"""Which services are Kafka, Airflow or a web server, and where to find them."""

from __future__ import annotations

from typing import Any

import pytest

from envcheck.model.compose import ComposeService, Port
from envcheck.servers import airflow, kafka, web
from envcheck.servers.naming import repository


def service(image: str = "", *ports: str, **fields: Any) -> ComposeService:
    pairs = [tuple(map(int, port.split(":"))) for port in ports]
    made = tuple(Port(target, published) for published, target in pairs)
    return ComposeService("one", image, ports=made, **fields)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("nginx", "nginx"),
        ("nginx:1.27-alpine", "nginx"),
        ("docker.io/library/nginx:1@sha256:0123", "nginx"),
        ("registry.example:5000/mirror/apache/kafka:4.1.0", "apache/kafka"),
        ("localhost/apache/kafka", "apache/kafka"),
        ("confluentinc/cp-kafka:7.7.0", "confluentinc/cp-kafka"),
    ],
)
def test_an_image_is_its_repository_whatever_stands_around_it(image: str, name: str) -> None:
    assert repository(image) == name


KAFKA = [
    service("apache/kafka:4.1.0"),
    service("confluentinc/cp-kafka:7.7.0", environment={"KAFKA_LISTENERS": "A://:9092"}),
    service("mirror.example/bitnamilegacy/kafka:3.9"),
    service("redpandadata/redpanda:v24", command=("redpanda", "start", "--smp", "1")),
    service("company/our-broker", kind="kafka"),
    service(
        "apache/kafka", command=("sh", "-c", "exec x"), environment={"KAFKA_LISTENERS": "A://:9092"}
    ),
]
NOT_KAFKA = [
    service("confluentinc/cp-zookeeper:7.7.0"),
    service("confluentinc/cp-schema-registry:7.7.0"),
    service("confluentinc/cp-kafka-connect:7.7.0"),
    service("provectuslabs/kafka-ui:latest"),
    service("danielqsj/kafka-exporter"),
    service("redpandadata/console:v2"),
    service("company/kafka"),
    service("apache/kafka", kind="tcp"),
    service("confluentinc/cp-kafka:7.7.0", command=("kafka-topics", "--create", "--topic", "a")),
    service("apache/kafka", entrypoint=("/bin/sh", "-c"), command=("kafka-topics.sh --create",)),
    service("redpandadata/redpanda:v24", command=("rpk topic create orders",)),
]


@pytest.mark.parametrize("one", KAFKA)
def test_brokers_are_recognised(one: ComposeService) -> None:
    assert kafka.SERVER.recognises(one)


@pytest.mark.parametrize("one", NOT_KAFKA)
def test_what_stands_around_a_broker_is_not_one(one: ComposeService) -> None:
    assert not kafka.SERVER.recognises(one)


LISTENERS: list[tuple[ComposeService, int]] = [
    (service("apache/kafka", "9092:9092"), 9092),
    (
        service(
            "apache/kafka",
            "9092:9092",
            environment={
                "KAFKA_LISTENERS": "C://0.0.0.0:29092,H://0.0.0.0:9092,CONTROLLER://0.0.0.0:29093",
                "KAFKA_ADVERTISED_LISTENERS": "C://kafka:29092,H://127.0.0.1:9092",
            },
        ),
        9092,
    ),
    (
        service(  # the host's port differs from the container's
            "confluentinc/cp-kafka",
            "29092:9093",
            environment={"KAFKA_ADVERTISED_LISTENERS": "P://broker:9092,P_HOST://localhost:29092"},
        ),
        9093,
    ),
    (
        service(
            "bitnami/kafka",
            "9094:9094",
            environment={
                "KAFKA_CFG_LISTENERS": "PLAINTEXT://:9092,EXTERNAL://:9094",
                "KAFKA_CFG_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:9092,EXTERNAL://localhost:9094",
            },
        ),
        9094,
    ),
    (
        service(
            "redpandadata/redpanda",
            "19092:19092",
            command=(
                "redpanda start --kafka-addr internal://0.0.0.0:9092,external://0.0.0.0:19092",
                "--advertise-kafka-addr internal://redpanda:9092,external://localhost:19092",
            ),
        ),
        19092,
    ),
    (
        service(  # one listener, for containers only, yet published
            "apache/kafka",
            "9092:9092",
            environment={"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:9092"},
        ),
        9092,
    ),
]


@pytest.mark.parametrize(("one", "port"), LISTENERS)
def test_the_listener_meant_for_the_host_is_found(one: ComposeService, port: int) -> None:
    assert kafka.SERVER.connection(one).port == port


def test_a_listener_that_demands_a_login_brings_it() -> None:
    jaas = 'org.Plain required username="ada" password="secret" user_ada="secret";'
    environment = {
        "KAFKA_ADVERTISED_LISTENERS": "IN://kafka:29092,OUT://localhost:9092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "IN:PLAINTEXT,OUT:SASL_PLAINTEXT",
        "KAFKA_LISTENER_NAME_OUT_PLAIN_SASL_JAAS_CONFIG": jaas,
    }
    found = kafka.SERVER.connection(service("apache/kafka", "9092:9092", environment=environment))
    assert (found.user, found.password) == ("ada", "secret")
    assert found.options == {"protocol": "SASL_PLAINTEXT", "mechanism": "PLAIN"}


def test_a_broker_is_ready_without_its_advertised_address() -> None:
    (kind,) = kafka.SERVER.ready("kafka")
    assert [check.name for check in kind.checks()] == ["port", "brokers", "leaders"]


@pytest.mark.parametrize(
    ("command", "server"),
    [
        (("api-server",), airflow.SERVER),
        (("webserver",), airflow.SERVER),
        (("standalone",), airflow.SERVER),
        (("bash", "-c", "airflow db migrate && exec airflow api-server"), airflow.SERVER),
        (("scheduler",), airflow.PROCESS),
        (("dag-processor",), airflow.PROCESS),
        (("triggerer",), airflow.PROCESS),
        (("celery", "worker"), airflow.PROCESS),
        (("db", "migrate"), airflow.PROCESS),
        ((), airflow.PROCESS),
    ],
)
def test_of_airflows_processes_only_the_api_is_asked(command: tuple[str, ...], server: Any) -> None:
    one = service("apache/airflow:3.3.2", command=command)
    assert [known for known in (airflow.SERVER, airflow.PROCESS) if known.recognises(one)] == [
        server
    ]


def test_the_api_of_airflow_is_where_it_is_published_and_the_others_have_nothing_to_ask() -> None:
    api = service("apache/airflow", "8081:8080", command=("api-server",))
    assert airflow.SERVER.connection(api).port == 8080
    (kind,) = airflow.SERVER.ready("api")
    assert [check.name for check in kind.checks()] == ["health", "metadatabase"]
    assert list(airflow.PROCESS.ready("scheduler")) == []


def test_a_start_script_in_the_entrypoint_is_read_too() -> None:
    entrypoint = ("bash", "/opt/airflow/start-apiserver.sh")
    assert airflow.SERVER.recognises(service("apache/airflow", entrypoint=entrypoint))


@pytest.mark.parametrize("image", ["nginx:1.27", "httpd", "caddy:2", "traefik:v3.1"])
def test_web_servers_are_asked_for_any_page(image: str) -> None:
    assert web.SERVER.recognises(service(image))
    (kind,) = web.SERVER.ready("front")
    assert [check.expected for check in kind.checks()] == ["any status"]


@pytest.mark.parametrize(
    "image", ["nginx/nginx-prometheus-exporter", "company/nginx", "jc21/nginx-proxy-manager", ""]
)
def test_what_only_sounds_like_a_web_server_is_left_alone(image: str) -> None:
    assert not web.SERVER.recognises(service(image))


def test_a_plain_port_is_asked_before_one_with_tls() -> None:
    assert web.SERVER.connection(service("nginx", "8443:443", "8080:80")).port == 80
    assert web.SERVER.connection(service("nginx", "3000:3000")).port == 3000
    assert web.SERVER.connection(service("nginx")).port == 80
    assert [check.name for check in web.PROXY.ready("front")[0].checks()] == ["port"]
