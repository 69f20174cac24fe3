"""Fixtures every ring shares, and the only warnings that are not ours to mend."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.servers", "tests.docker.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    # kafka-python loads its message schemas through an API Python has deprecated
    rule = r"ignore:(read_text|open_text) is deprecated:DeprecationWarning"
    config.addinivalue_line("filterwarnings", rule)
