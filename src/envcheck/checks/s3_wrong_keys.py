"""The negative control: a key nobody gave out, and a wrong secret, are refused."""

from __future__ import annotations

import secrets
from dataclasses import replace

from envcheck.checks.reach import answering
from envcheck.checks.s3_buckets import listed
from envcheck.checks.s3_session import Door, Login, judged, status_of
from envcheck.model.check import Look, Scene
from envcheck.model.outcome import Observation, broken, passed


def refuses_wrong_keys(door: Door) -> Look:
    def look(scene: Scene) -> Observation:
        login = door.login(scene)
        wrong = {
            "an unknown key": replace(login, key=f"envcheck{secrets.token_hex(6)}"),
            "a wrong secret": replace(login, secret=secrets.token_hex(20)),
        }
        return judged(login, lambda: _all_refused(door, wrong))

    return answering(look)


def _all_refused(door: Door, wrong: dict[str, Login]) -> Observation:
    accepted = [name for name, login in wrong.items() if _accepted(door, login)]
    if not accepted:
        return passed(f"refused: {', '.join(wrong)}")
    return broken(
        f"it accepts {' and '.join(accepted)}",
        cause="s3.wrong-key-accepted",
        fix="switch the server's authentication on",
    )


def _accepted(door: Door, login: Login) -> bool:
    from botocore.exceptions import ClientError

    try:
        listed(door.client(login))
    except ClientError as error:
        if status_of(error.response) in (401, 403):
            return False
        raise
    return True
