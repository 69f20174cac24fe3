"""What is asked: one HTTP request as somebody."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import Field, model_validator

from envcheck.checks.api.memory import Memory
from envcheck.checks.exchange import no_answer, said
from envcheck.checks.reach import Amiss, address
from envcheck.kind import Kind, Seconds
from envcheck.model.outcome import Observation
from envcheck.system.http import Answered, Unanswered, fetch

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


class File(Kind):
    """An upload. ``csv`` is a list of rows by column name; ``content`` is sent as it is."""

    name: str
    field: str = "file"
    content: str = ""
    csv: Sequence[Mapping[str, Any]] = ()
    type: str = "text/csv"

    def data(self, memory: Memory, as_: str) -> bytes:
        if not self.csv:
            return str(memory.filled(self.content, as_)).encode()
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.csv[0]))
        writer.writeheader()
        writer.writerows(memory.filled(list(self.csv), as_))
        return text.getvalue().encode()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, by whom, and what came back."""

    service: str
    method: str
    path: str
    as_: str
    credential: str  # where something that says who asks was sent: header, body or nowhere ("")
    answer: Answered

    @property
    def asked(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def evidence(self) -> tuple[str, ...]:
        who = f" as {self.as_}" if self.as_ else ""
        return said(f"{self.asked}{who}", self.answer)


class Request(Kind):
    """Exactly one method with its path. The body is one of ``json``, ``form``, ``body`` (sent as it
    is, for what is wrong on purpose) and ``file`` (which may have ``form`` beside it). A header
    without a value is not sent, even where the identity has it."""

    service: str
    port: int | None = None
    get: str = ""
    post: str = ""
    put: str = ""
    patch: str = ""
    delete: str = ""
    head: str = ""
    options: str = ""
    json_: Any = None
    form: Mapping[str, Any] = Field(default_factory=dict)
    body: str = ""
    file: File | None = None
    headers: Mapping[str, str | None] = Field(default_factory=dict)
    query: Mapping[str, Any] = Field(default_factory=dict)
    timeout: Seconds = Field(default=3.0, gt=0, le=60)

    @model_validator(mode="after")
    def _one_of_each(self) -> Request:
        if sum(1 for name in METHODS if getattr(self, name)) != 1:
            raise ValueError(f"expected exactly one of {', '.join(METHODS)} with its path")
        if not self.path.startswith("/"):
            raise ValueError(f"{self.path!r} is no path: it must begin with /")
        if sum((self.json_ is not None, bool(self.body), bool(self.form or self.file))) > 1:
            raise ValueError("expected one body: json, form (with file), or body")
        return self

    @property
    def method(self) -> str:
        return next(name for name in METHODS if getattr(self, name))

    @property
    def path(self) -> str:
        return str(getattr(self, self.method))

    @property
    def safe(self) -> bool:
        """Asking again changes nothing."""
        return self.method in ("get", "head", "options")

    def send(self, memory: Memory, as_: str) -> Exchange:
        """Raises Amiss when nothing came back, LoginRefused, Unremembered."""
        endpoint = address(memory.scene, self.service, self.port)
        path = str(memory.filled(self.path, as_))
        headers = self._headers(memory, as_)
        try:
            answer = fetch(
                self.method.upper(),
                endpoint,
                path,
                params={key: str(v) for key, v in memory.filled(self.query, as_).items()},
                timeout=self.timeout,
                headers=headers | self._content_type(),
                **self._content(memory, as_),
            )
        except Unanswered as error:
            raise Amiss(self._unanswered(path, error)) from error
        return Exchange(
            self.service, self.method.upper(), path, as_, self._credential(headers), answer
        )

    def _headers(self, memory: Memory, as_: str) -> dict[str, str]:
        own = memory.filled(self.headers, as_)
        replaced = {name.lower() for name in own}
        theirs = memory.scene.identity(as_).headers if as_ else {}
        kept = {name: value for name, value in theirs.items() if name.lower() not in replaced}
        return {**kept, **{name: str(value) for name, value in own.items() if value is not None}}

    def _credential(self, headers: Mapping[str, str]) -> str:
        if any(_tells_who(name) for name in headers):
            return "header"
        body = self.json_ if isinstance(self.json_, Mapping) else self.form
        return "body" if any(_tells_who(str(name)) for name in body) else ""

    def _content_type(self) -> dict[str, str]:
        if self.form and not self.file:
            return {"Content-Type": "application/x-www-form-urlencoded"}
        named = any(name.lower() == "content-type" for name in self.headers)
        return {"Content-Type": "application/json"} if self.body and not named else {}

    def _content(self, memory: Memory, as_: str) -> dict[str, Any]:
        form = {key: str(value) for key, value in memory.filled(self.form, as_).items()}
        if self.file:
            file = (self.file.name, self.file.data(memory, as_), self.file.type)
            fields = {key: (None, value) for key, value in form.items()}
            return {"files": {**fields, self.file.field: file}}
        if form:
            return {"data": urlencode(form)}
        if self.body:
            return {"data": self.body.encode()}
        return {"json": memory.filled(self.json_, as_)}

    def _unanswered(self, path: str, error: Unanswered) -> Observation:
        return no_answer(f"{self.method.upper()} {path} of {self.service}", error, self.service)


def _tells_who(field: str) -> bool:
    words = ("authorization", "cookie", "key", "token", "password")
    return any(word in field.lower() for word in words)
