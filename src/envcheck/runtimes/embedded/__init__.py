"""The services of a Compose project as local processes, where there is no Docker engine."""

from __future__ import annotations

from envcheck.runtimes.embedded.runtime import EmbeddedRuntime

__all__ = ["EmbeddedRuntime"]
