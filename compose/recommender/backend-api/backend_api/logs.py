"""Structured logs on stdout: one JSON object per line, no secrets.

Nothing logs headers, bodies or settings; `scrub` is the second fence, for what a library might
put into an exception's text.
"""

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")

SECRETS = re.compile(
    r"(?i)(bearer\s+\S+|eyJ[\w-]+\.[\w-]+\.[\w-]*|ek_[\w-]{8,}|(?<=://)[^/@\s]*(?=@)"
    r"|(?:password|secret|token|api[_-]?key)\W{1,3}[^\s,;&'\"]+)"
)


def scrub(text: str) -> str:
    return SECRETS.sub("***", text)


class JsonLines(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "message": scrub(record.getMessage()),
            **getattr(record, "fields", {}),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        if record.exc_info:
            line["exception"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, default=str)


def configure(service: str) -> None:
    """All logging of the process goes through here, uvicorn's and Alembic's included."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
