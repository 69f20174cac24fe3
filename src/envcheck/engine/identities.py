"""Who asks. A token is fetched once, when first needed, and again before it expires."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from envcheck.engine.identity_login import Admitted, log_in
from envcheck.engine.identity_tokens import signed
from envcheck.model.check import Identity, LoginRefused
from envcheck.model.clock import Clock
from envcheck.model.environment import IdentitySpec
from envcheck.model.target import Target

FOREVER = float("inf")
MARGIN = 30.0  # seconds before its end that a token is fetched anew, or half of a shorter life
REFUSED_FOR = 1.0  # seconds a refusal is believed, so that thirty checks do not log in thirty times


@dataclass(slots=True)
class _Held:
    """What is known of one identity; ``until`` in monotonic seconds."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = 0.0
    admitted: Admitted | None = None
    refused: LoginRefused | None = None


class Identities:
    """Safe to ask from many threads; several that need one identity at once cause one login.

    ``reveal`` hears every secret as it becomes known, before anyone can print it.
    """

    def __init__(
        self,
        specs: Mapping[str, IdentitySpec],
        target: Callable[[str], Target],
        clock: Clock,
        reveal: Callable[[str], None] = lambda _secret: None,
    ) -> None:
        self._specs = specs
        self._target = target
        self._clock = clock
        self._reveal = reveal
        self._held = {name: _Held() for name in specs}
        self._revealed: set[str] = set()

    def get(self, name: str) -> Identity:
        """Raises LoginRefused when the service does not let it in, KeyError for an unknown name."""
        held = self._held[name]
        with held.lock:
            if self._clock.monotonic() >= held.until:
                self._renew(held, self._specs[name])
            if held.refused is not None:
                raise LoginRefused(held.refused.observation)
            if held.admitted is None:
                raise KeyError(name)
            return held.admitted.identity

    def secrets(self) -> frozenset[str]:
        """Every secret known so far."""
        return frozenset(self._revealed)

    def _renew(self, held: _Held, spec: IdentitySpec) -> None:
        now, before = self._clock.monotonic(), held.admitted
        held.admitted = held.refused = None
        try:
            held.admitted = self._admitted(spec, before)
        except LoginRefused as refused:
            held.refused, held.until = refused, now + REFUSED_FOR
            return
        self._learn(held.admitted.secrets)
        life = held.admitted.seconds
        held.until = FOREVER if life is None else now + max(life - MARGIN, life / 2)

    def _admitted(self, spec: IdentitySpec, before: Admitted | None) -> Admitted:
        if spec.recipe == "login":
            return log_in(spec, self._target, before)
        return _made(spec, self._clock.wall())

    def _learn(self, secrets: Iterable[str]) -> None:
        for secret in secrets:
            if secret and secret not in self._revealed:
                self._revealed.add(secret)
                self._reveal(secret)


def _made(spec: IdentitySpec, now: float) -> Admitted:
    """An identity nobody need be asked for."""
    fields = spec.fields
    if spec.recipe == "headers":
        headers = {str(name): str(value) for name, value in fields.items()}
        return Admitted(Identity(spec.name, headers), tuple(headers.values()))
    if spec.recipe == "database":
        password = str(fields.get("password", ""))
        return Admitted(Identity(spec.name, {}, str(fields["user"]), password), (password,))
    if spec.recipe == "jwt":
        token, values = signed(fields, now)
        identity = Identity(spec.name, {"Authorization": f"Bearer {token}"}, values=values)
        life = float(fields.get("expires", 0))
        return Admitted(identity, (token,), life if life > 0 else None)
    return Admitted(Identity(spec.name, {}))
