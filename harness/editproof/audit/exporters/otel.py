"""A run as a trace of OpenTelemetry: a span of the run, one below it for each tool, an event for each verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from editproof.audit.exporters.exporter import RunSummary
from editproof.core.extras import need
from editproof.errors import EvidenceError


def send_trace(run: RunSummary, address: str) -> str:
    """Send the trace of a run by OTLP over HTTP.

    Parameters
    ----------
    run : RunSummary
    address : str
        Of the collector, ``http://localhost:4318/v1/traces``; empty for that of ``OTEL_EXPORTER_OTLP_ENDPOINT``.

    Raises
    ------
    EvidenceError
        Where OpenTelemetry is not installed, or the collector does not take it.
    """
    need("otel", "editproof export otel", EvidenceError)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    if not emit(run, OTLPSpanExporter(endpoint=address or None)):
        found = "the collector did not take it"
        raise EvidenceError(
            f"the trace of {run.name}", found, "Name a collector: --to http://localhost:4318/v1/traces."
        )
    return f"{run.name}: {1 + len(run.tools)} spans sent"


def emit(run: RunSummary, exporter: Any) -> bool:
    """Make the spans of a run and give them to a span exporter of the SDK; whether it took them all.

    Spans last from the beginning of the run to its end. A tool that does not conform has a span with an error.
    """
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExportResult

    taken: Any = _Taken()
    provider = TracerProvider(resource=Resource.create({"service.name": "editproof"}), shutdown_on_exit=False)
    provider.add_span_processor(taken)
    tracer = provider.get_tracer("editproof")
    began, ended = (_nanoseconds(moment) for moment in (run.began, run.ended))
    whole = tracer.start_span("editproof.run", start_time=began, attributes=_named(run.facts, run=run.name))
    below = trace.set_span_in_context(whole)
    for tool in run.tools:
        told: dict[str, Any] = {
            **_named(tool.facts, tool=tool.name),
            **{f"editproof.{name}": n for name, n in tool.numbers.items()},
        }
        span = tracer.start_span("editproof.tool", below, start_time=began, attributes=told)
        for place, (outcome, because) in tool.verdicts.items():
            event = {"editproof.claim": place, "editproof.outcome": outcome, "editproof.because": because}
            span.add_event("editproof.verdict", event, timestamp=ended)
        if tool.facts["outcome"] == "FAIL":
            span.set_status(trace.StatusCode.ERROR, tool.facts["reason"])
        span.end(end_time=ended)
    whole.end(end_time=ended)
    result = exporter.export(taken.spans)
    exporter.shutdown()
    return bool(result is SpanExportResult.SUCCESS)


class _Taken:
    """A span processor that gathers what ended, so that all of it goes in one request."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def on_start(self, span: Any, parent_context: Any = None) -> None: ...

    def _on_ending(self, span: Any) -> None: ...

    def on_end(self, span: Any) -> None:
        self.spans.append(span)

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True


def _named(facts: Any, **names: str) -> dict[str, str]:
    return {f"editproof.{name}": value for name, value in {**names, **facts}.items()}


def _nanoseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1_000_000_000)
