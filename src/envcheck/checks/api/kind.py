"""The kind ``api``: one request or a sequence, with a control before and a cleanup after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import model_validator

from envcheck.checks.api.memory import Memory, Unremembered
from envcheck.checks.api.step import Step, prefixed
from envcheck.checks.reach import Amiss, answering
from envcheck.model.check import Check, Level, LoginRefused, Scene
from envcheck.model.outcome import Observation, passed

LOGIN_SECONDS = 3.0  # who asks may have to log in first


class Api(Step):
    """Asks an API as somebody and demands status, headers, JSON, text, schema, speed. ``steps`` ask
    several in order; ``control`` must pass before a refusal proves anything; ``cleanup`` always
    runs. With ``eventually`` (of a check without steps) it is asked again until it holds. A check
    with a burst runs alone (``serial``), unless it says ``serial: false``."""

    kind: ClassVar[str] = "api"

    control: Step | None = None
    steps: Sequence[Step] = ()
    cleanup: Sequence[Step] = ()
    serial: bool | None = None

    @model_validator(mode="after")
    def _one_deed(self) -> Api:
        if not self.name:
            raise ValueError("a check needs a name: what does it prove?")
        if sum((self.request is not None, self.message is not None, bool(self.steps))) != 1:
            raise ValueError("expected exactly one of request, message, steps")
        return self

    @model_validator(mode="after")
    def _nothing_unheard_of(self) -> Api:
        known = {"unique"}
        for step in (*self._all_steps(), *self.cleanup):
            unknown = [name for name in step.needs if "." not in name and name not in known]
            if unknown:
                raise ValueError(f"{{{{{unknown[0]}}}}} is not captured by an earlier step")
            known |= step.capture.keys()
        return self

    def checks(self) -> Sequence[Check]:
        name = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        check = Check(
            name=name,
            service=self._service(),
            level=Level.BEHAVIOUR,
            look=answering(self._look),
            expected=self._expected(),
            kind="api",
            grace=None,
            timeout=self._seconds(),
            title=self.name,
            serial=self._alone(),
        )
        return (check,)

    def _seconds(self) -> float:
        """The longest it may take, logging in first."""
        steps = (*self._all_steps(), *self.cleanup)
        who = self.as_ or any(step.as_ for step in steps)
        return sum(step.seconds for step in steps) + (LOGIN_SECONDS if who else 0.0)

    def _alone(self) -> bool:
        """A burst spends a limit others may share, unless the check says that nobody does."""
        if self.serial is not None:
            return self.serial
        return any(step.burst for step in self._all_steps())

    def _own(self) -> Sequence[Step]:
        if self.steps:
            return self.steps
        fields = {name: getattr(self, name) for name in Step.model_fields if name != "name"}
        return (Step.model_construct(**fields),)

    def _all_steps(self) -> list[Step]:
        return [*([self.control] if self.control else []), *self._own()]

    def _service(self) -> str:
        return next(step.service for step in self._own() if step.service)

    def _expected(self) -> str:
        last = self._own()[-1]
        return str(last.burst or last.message or last.expect)

    def _look(self, scene: Scene) -> Observation:
        memory = Memory(scene)
        seen = self._seen(memory)
        evidence = (*seen.evidence, *self._clean_up(memory))
        culprit = "" if seen.culprit == self._service() else seen.culprit
        return replace(seen, evidence=evidence, culprit=culprit)

    def _seen(self, memory: Memory) -> Observation:
        try:
            for step in self._all_steps():
                if step.message:
                    step.message.note(memory)
            self._control(memory)
            self._run(memory)
        except (Amiss, LoginRefused) as ended:
            return ended.observation
        return passed(self._expected())

    def _control(self, memory: Memory) -> None:
        """Where the positive control fails, a refusal would prove nothing."""
        if self.control is None:
            return
        try:
            self.control.run(memory, self.as_)
        except Amiss as amiss:
            raise prefixed(amiss, "the control, which must succeed, failed") from amiss

    def _run(self, memory: Memory) -> None:
        steps = self._own()
        # a control asked by the same identity asks for its own: what follows is another's
        foreign = self.control is not None and not self.control.as_
        for number, step in enumerate(steps, 1):
            try:
                step.run(memory, self.as_, foreign=foreign or _names_another(step))
            except Amiss as amiss:
                if len(steps) == 1:
                    raise
                which = f"step {number} ({step.name})" if step.name else f"step {number}"
                raise prefixed(amiss, which) from amiss

    def _clean_up(self, memory: Memory) -> list[str]:
        """What could not be undone, in words. A step whose captures were never made has nothing
        to undo."""
        left = []
        for step in self.cleanup:
            try:
                step.run(memory, self.as_)
            except Unremembered:
                continue
            except (Amiss, LoginRefused) as failed:
                left.append(f"cleanup failed: {failed.observation.observed}")
        return left


def _names_another(step: Step) -> bool:
    """It speaks of what belongs to another identity: ``{{other-admin.tenant_id}}``."""
    return any("." in name and not name.startswith("as.") for name in step.needs)
