"""moto's server, knowing one user: the keys of the Compose file. Every other key is refused.

Runs inside moto's own environment. moto invents its access keys itself, so the given ones are put
in the place of an invented pair; with that, its own authentication does the rest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from moto import settings
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple

ACCOUNT = "123456789012"  # moto's default account
REFUSAL = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
Application = Callable[..., Iterable[bytes]]
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def main() -> None:
    access, secret = os.environ.get("S3_ACCESS_KEY"), os.environ.get("S3_SECRET_KEY")
    if access and secret:
        only_user(access, secret)
    port = int(os.environ["S3_PORT"])
    app = refusing_strangers(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", port, app, threaded=True, request_handler=Handler)


def only_user(access: str, secret: str) -> None:
    iam = iam_backends[ACCOUNT]["aws"]
    iam.create_user("us-east-1", "root")
    iam.put_user_policy("root", "everything", json.dumps(EVERYTHING))
    key = iam.create_access_key("root")
    key.access_key_id, key.secret_access_key = access, secret
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0


def refusing_strangers(app: Application) -> Application:
    """Answers a request without credentials as S3 does; moto's authentication fails over it.

    moto's own API is closed: it would switch that authentication off for anyone who asks.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        signed = "X-Amz-Signature" in environ.get("QUERY_STRING", "")
        internal = environ.get("PATH_INFO", "").startswith("/moto-api")
        if not internal and ("HTTP_AUTHORIZATION" in environ or signed):
            return app(environ, start)
        start("403 Forbidden", [("Content-Type", "application/xml")])
        return [REFUSAL]

    return answer


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open: half the time of a small request


if __name__ == "__main__":
    main()
