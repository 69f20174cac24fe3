"""Ports behind which nothing useful answers: what a service looks like half-way up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from envcheck.model.target import Endpoint

Answer = Callable[[socket.socket], None]

PAGE = b"<!DOCTYPE html><html><title>Console</title></html>"


@contextmanager
def answering(answer: Answer) -> Iterator[Endpoint]:
    """Every connection is given to ``answer``, then closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answer), daemon=True)
        thread.start()
        yield Endpoint("127.0.0.1", listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, answer: Answer) -> None:
    while True:
        try:
            talk, _ = listener.accept()
        except OSError:
            return
        with talk:
            talk.settimeout(5)
            try:
                answer(talk)
            except OSError:
                continue


@contextmanager
def says_nothing() -> Iterator[Endpoint]:
    """The kernel accepts, nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield Endpoint("127.0.0.1", listener.getsockname()[1])


@contextmanager
def nothing_listens() -> Iterator[Endpoint]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Endpoint("127.0.0.1", taken.getsockname()[1])


@contextmanager
def hangs_up() -> Iterator[Endpoint]:
    with answering(lambda talk: None) as endpoint:
        yield endpoint


@contextmanager
def speaks_http(status: str = "400 Bad Request", body: bytes = PAGE) -> Iterator[Endpoint]:
    def page(talk: socket.socket) -> None:
        said = b""
        while b"\r\n" not in said:  # a line is all it waits for
            part = talk.recv(1024)
            if not part:
                return
            said += part
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
        talk.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)

    with answering(page) as endpoint:
        yield endpoint


@contextmanager
def replies(*answers: bytes) -> Iterator[Endpoint]:
    """One answer after each thing heard."""

    def talk_back(talk: socket.socket) -> None:
        for answer in answers:
            if not talk.recv(4096):
                return
            talk.sendall(answer)

    with answering(talk_back) as endpoint:
        yield endpoint


def pause() -> None:
    """Between two looks at something a real server is still doing."""
    time.sleep(0.01)
