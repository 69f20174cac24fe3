"""supervisord, made to notice a death at once and to inherit orphans.

Stock supervisord sleeps up to a second: since PEP 475 a signal no longer ends its poll. A wake-up
descriptor written by the interpreter at every signal does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

from supervisor import poller, supervisord

PR_SET_CHILD_SUBREAPER = 36


class WakingPoller(poller.PollPoller):  # type: ignore[misc]
    def initialize(self) -> None:
        super().initialize()
        self._woken, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)

    def poll(self, timeout: float) -> tuple[list[int], list[int]]:
        self._poller.register(self._woken, self.READ)
        readable, writable = super().poll(timeout)
        if self._woken in readable:
            os.read(self._woken, 4096)
        return [fd for fd in readable if fd != self._woken], writable


def main(arguments: list[str]) -> Any:
    os.umask(0o077)
    # what a service leaves behind becomes our child: it can be found, and is reaped
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    poller.Poller = WakingPoller
    return supervisord.main(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
