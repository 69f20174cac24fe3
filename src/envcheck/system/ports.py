"""The port door: is a port of this machine free, and who has it?"""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def free(port: int) -> bool:
    """Whether a server could listen there. Lingering connections of a dead one do not matter."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True


def owner(port: int) -> str:
    """``pid 4242 (python3)`` as far as this user may know, and where psutil is installed."""
    try:
        import psutil
    except ImportError:
        return "another program"
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS tells only root
        return "another program"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and getattr(connection.laddr, "port", 0) == port:
            if connection.pid is None:
                break
            try:
                return f"pid {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.Error:
                return f"pid {connection.pid}"
    return "another program"
