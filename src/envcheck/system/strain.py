"""Is this machine so busy that a late answer says nothing about who is late?"""

from __future__ import annotations

import os
import re
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")  # Linux: the share of time in which work waited for a core
TOO_MUCH = 80.0  # percent of the last ten seconds
TOO_LONG = 3.0  # where the kernel does not tell: runnable processes per core over a minute
_SHARE = re.compile(r"some avg10=([\d.]+)")


def strained(pressure: Path = PRESSURE) -> str:
    """Empty while there is a core to be had, else the reason in words."""
    found = _SHARE.search(pressure.read_text()) if pressure.is_file() else None
    if found is not None:
        share = float(found[1])
        return f"this machine is too busy ({share:.0f} % CPU pressure)" if share > TOO_MUCH else ""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return f"this machine is too busy (load {load:.1f} per core)" if load > TOO_LONG else ""
