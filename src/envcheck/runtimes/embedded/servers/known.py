"""Every server we can run, in the order they are asked. The only list to edit for a new one."""

from __future__ import annotations

from envcheck.model.compose import ComposeService
from envcheck.model.target import Connection
from envcheck.runtimes.embedded.forms import Form
from envcheck.runtimes.embedded.servers import airflow, application, moto, postgres, tansu, valkey

FORMS: tuple[Form, ...] = (
    application.FORM,  # what the project says of itself wins
    postgres.FORM,
    valkey.FORM,
    tansu.FORM,
    moto.FORM,
    airflow.FORM,
)


def form_of(service: ComposeService, connection: Connection | None) -> Form | None:
    return next((form for form in FORMS if form.fits(service, connection)), None)
