"""Web servers and proxies: any HTTP answer shows they serve; what they serve is theirs to say."""

from __future__ import annotations

from collections.abc import Sequence

from envcheck.checks.http import Http
from envcheck.checks.tcp import Tcp
from envcheck.model.check import CheckKind
from envcheck.model.compose import ComposeService
from envcheck.model.server import Server
from envcheck.model.target import Connection
from envcheck.servers.naming import says

WEB = {
    "nginx",
    "nginxinc/nginx-unprivileged",
    "bitnami/nginx",
    "bitnamilegacy/nginx",
    "openresty/openresty",
    "nginxproxy/nginx-proxy",
    "httpd",
    "bitnami/apache",
    "caddy",
    "traefik",
    "bitnami/traefik",
}
PROXIES = {"haproxy", "haproxytech/haproxy-alpine", "envoyproxy/envoy", "bitnami/haproxy"}
USUAL = (80, 8080, 8000, 443, 8443)  # a plain port first: TLS cannot be asked for a page


def usual_port(service: ComposeService, default: int) -> int:
    targets = [port.target for port in service.ports if port.protocol == "tcp"]
    targets = targets or list(service.expose)
    known = [port for port in USUAL if port in targets]
    return next(iter([*known, *targets]), default)


class WebServer:
    family = "web"

    def recognises(self, service: ComposeService) -> bool:
        return says(service, self.family, WEB)

    def connection(self, service: ComposeService) -> Connection:
        return Connection(self.family, usual_port(service, 80), scheme="http")

    def ready(self, name: str) -> Sequence[CheckKind]:
        return (Http(service=name, get="/", status="any"),)


class Proxy:
    """May carry any protocol on any port."""

    family = "proxy"

    def recognises(self, service: ComposeService) -> bool:
        return says(service, self.family, PROXIES)

    def connection(self, service: ComposeService) -> Connection:
        return Connection(self.family, usual_port(service, 80))

    def ready(self, name: str) -> Sequence[CheckKind]:
        return (Tcp(service=name),)


SERVER: Server = WebServer()
PROXY: Server = Proxy()
