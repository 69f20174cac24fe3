"""Traces over OTLP, only when an endpoint is named; OpenTelemetry is imported only then."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Protocol

from starlette.types import Scope

from backend_api.settings import Settings


class Span(Protocol):
    def set_attribute(self, key: str, value: Any) -> object: ...

    def update_name(self, name: str) -> None: ...


class Tracer:
    """Traces nothing."""

    @contextmanager
    def request(self, scope: Scope) -> Iterator[Span | None]:
        yield None

    @contextmanager
    def call(self, name: str, headers: MutableMapping[str, str]) -> Iterator[None]:
        """A call to a neighbour; adds traceparent to ``headers``."""
        yield

    def close(self) -> None:
        return


class OpenTelemetry(Tracer):
    def __init__(self, settings: Settings) -> None:
        from opentelemetry import propagate, trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self.propagate, self.kinds = propagate, trace.SpanKind
        resource = Resource.create({"service.name": settings.service_name})
        self.provider = TracerProvider(resource=resource)
        # reads OTEL_EXPORTER_OTLP_ENDPOINT itself; the timeout keeps shutdown short
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=2)))
        self.tracer = self.provider.get_tracer("backend_api")

    @contextmanager
    def request(self, scope: Scope) -> Iterator[Span | None]:
        carrier = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        context = self.propagate.extract(carrier)
        name = f"{scope['method']} {scope['path']}"
        kind = self.kinds.SERVER
        with self.tracer.start_as_current_span(name, context=context, kind=kind) as span:
            yield span

    @contextmanager
    def call(self, name: str, headers: MutableMapping[str, str]) -> Iterator[None]:
        with self.tracer.start_as_current_span(name, kind=self.kinds.CLIENT):
            self.propagate.inject(headers)
            yield

    def close(self) -> None:
        self.provider.shutdown()


def tracer(settings: Settings) -> Tracer:
    return OpenTelemetry(settings) if settings.otlp_endpoint else Tracer()
