"""Spans for Jaeger; nothing of OpenTelemetry is imported unless an endpoint is configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from data_pipeline.settings import Settings

# name, request headers → a context that is the span, continuing the caller's trace
Spans = Callable[[str, dict[str, str]], AbstractContextManager[Any]]


def spans(settings: Settings) -> Spans:
    if not settings.otlp_endpoint:
        return lambda _name, _headers: nullcontext()
    return _exported(settings)


def _exported(settings: Settings) -> Spans:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    provider = TracerProvider(resource=Resource.create({"service.name": settings.service}))
    exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=2)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("data_pipeline")
    propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(name: str, headers: dict[str, str]) -> Iterator[Any]:
        caller = propagator.extract(headers)
        with tracer.start_as_current_span(name, context=caller, kind=SpanKind.SERVER) as started:
            yield started

    return span
