"""ml-engine, data-pipeline and Airflow as the API knows them: their contract, nothing behind it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Neighbour:
    """Answers by the contract. ``broken``: 500; ``silent``: never; ``unfit``: not as agreed."""

    url: str = ""
    broken: bool = False
    silent: bool = False
    unfit: bool = False
    released: Event = field(default_factory=Event)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    def recommend(self, asked: dict[str, Any]) -> dict[str, Any]:
        known = asked["user_id"].startswith("user_")
        kind = asked.get("filters", {}).get("category", "any")
        items = [
            {"item_id": f"{kind}-{n}", "score": 1 - n / 1000, "reason": "like yours"}
            for n in range(asked["count"])
        ]
        return {**asked, "recommendations": items, "fallback": not known, "model_version": "v1"}

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.broken or self.unfit:
            return (500, {}) if self.broken else (200, {})
        if path == "/api/v1/recommend":
            return 200, self.recommend(body)
        if method == "POST" and path.endswith("/dagRuns"):
            return 200, {"dag_run_id": body["dag_run_id"], "state": "queued"}
        if method == "POST" and path.endswith("/deploy"):
            return (404, {}) if body["version"] == "v9" else (200, body)
        return CANNED.get(path, (200, FIGURES))


FIGURES = {"status": "ready", "version": "v1", "versions": ["v1"], "state": "success"}
CANNED: dict[str, tuple[int, Any]] = {
    "/health": (200, {"status": "healthy"}),
    "/auth/token": (201, {"access_token": "token-of-airflow"}),
    "/api/v1/train": (202, {"run_id": "run-1"}),
    "/api/v1/training/run-1": (200, {"status": "succeeded", "ndcg_at_10": 0.4, "version": "v1"}),
}


def handler(neighbour: Neighbour) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(raw) if raw else None
            neighbour.asked.append((self.path, dict(self.headers), body))
            if neighbour.silent:
                neighbour.released.wait(10)
            status, said = neighbour.answer(self.command, self.path, body)
            payload = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_POST = do_GET  # noqa: N815 (the name http.server looks for)

        def log_message(self, *_: object) -> None:
            return

    return Handler


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A caller that gave up on a silent neighbour is what is being tested."""


@contextmanager
def running(port: int = 0) -> Iterator[Neighbour]:
    neighbour = Neighbour()
    server = QuietServer(("127.0.0.1", port), handler(neighbour))
    neighbour.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield neighbour
    finally:
        neighbour.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
