"""The services of a Compose project in containers, on the Docker engine the CLI would use."""

from __future__ import annotations

from envcheck.runtimes.compose.runtime import ComposeRuntime

__all__ = ["ComposeRuntime"]
