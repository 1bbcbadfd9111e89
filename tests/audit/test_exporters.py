"""What a run came to arrives in MLflow and OpenTelemetry as the evidence says it, and nothing of a patient does."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import copytree
from threading import Thread

import pytest
from editproof.audit.exporters.exporter import EXPORTERS, Exporter, summary_of
from editproof.audit.exporters.otel import emit
from editproof.cli import main
from editproof.errors import EvidenceError, ProtocolError


@pytest.fixture(scope="module")
def evidence(run):
    return run


@pytest.fixture(scope="module")
def summary(evidence):
    return summary_of(evidence)


def expected(evidence):
    """Value and limits of every claim by tool, read from the evidence itself."""
    return {
        tool.card.name: {
            f"{verdict.place}/{name}": number
            for verdict in tool.verdicts
            for name, number in zip(
                ("value", "low", "high"),
                (verdict.estimate.value, verdict.estimate.low, verdict.estimate.high),
                strict=True,
            )
            if number is not None
        }
        for tool in evidence.editors
    }


def test_a_summary_has_every_verdict_and_reservation_and_no_case(evidence, summary):
    told = {tool.name: tool for tool in summary.tools}
    for name, numbers in expected(evidence).items():
        assert numbers
        assert numbers.items() <= told[name].numbers.items()
    assert summary.facts["reservations"].split("; ") == [found.kind for found in evidence.reservations]
    assert {place for tool in summary.tools for place in tool.verdicts} >= {"BA-1", "BA-3 in bone_age<200"}
    text = repr(summary)
    assert not [
        case for case in evidence.editors[0].measurements.cases["case"] if f"'{case}'" in text or f" {case} " in text
    ]


def test_mlflow_has_each_tool_once(evidence, summary, tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="needs the extra mlflow")
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    store = f"file://{tmp_path}/mlruns"
    assert EXPORTERS["mlflow"].send(summary, store) == f"{summary.name}: 2 tools entered in MLflow"
    assert EXPORTERS["mlflow"].send(summary, store).endswith("0 tools entered in MLflow, 2 were there already")
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name(f"editproof {evidence.dataset.name}")
    runs = {run.data.tags["editproof.tool"]: run for run in client.search_runs([experiment.experiment_id])}
    assert runs.keys() == {"gentle", "harsh"}
    for tool in evidence.editors:
        data = runs[tool.card.name].data
        numbers = {
            name.replace("=", "_").replace("<", "_"): n for name, n in expected(evidence)[tool.card.name].items()
        }
        assert numbers.items() <= data.metrics.items()
        assert data.tags["editproof.outcome"] == tool.outcome.value
        assert data.tags["editproof.run.reservations"] == "; ".join(found.kind for found in evidence.reservations)
        assert data.tags["editproof.verdict.BA-1"] == next(v.outcome.value for v in tool.verdicts if v.place == "BA-1")


def test_otel_has_a_span_of_the_run_and_of_each_tool(evidence, summary):
    pytest.importorskip("opentelemetry.sdk", reason="needs the extra otel")
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    memory = InMemorySpanExporter()
    assert emit(summary, memory)
    *tools, whole = memory.get_finished_spans()
    assert (whole.name, whole.attributes["editproof.run"]) == ("editproof.run", evidence.run)
    assert whole.attributes["editproof.outcome"] == evidence.outcome.value
    assert [span.attributes["editproof.tool"] for span in tools] == ["gentle", "harsh"]
    for span, tool in zip(tools, evidence.editors, strict=True):
        assert span.parent.span_id == whole.context.span_id
        events = {event.attributes["editproof.claim"]: event.attributes["editproof.outcome"] for event in span.events}
        assert events == {verdict.place: verdict.outcome.value for verdict in tool.verdicts}
        assert {f"editproof.{name}": n for name, n in expected(evidence)[tool.card.name].items()}.items() <= dict(
            span.attributes
        ).items()
        assert (span.status.status_code.name == "ERROR") == (tool.outcome.value == "FAIL")


def test_a_trace_arrives_at_a_collector_and_a_refusal_is_one_line(summary):
    pytest.importorskip("opentelemetry.sdk", reason="needs the extra otel")
    taken = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if self.path == "/v1/traces" else 400)
            self.end_headers()

        def log_message(self, *_): ...

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert EXPORTERS["otel"].send(summary, f"{address}/v1/traces") == f"{summary.name}: 3 spans sent"
        with pytest.raises(EvidenceError, match="the collector did not take it"):
            EXPORTERS["otel"].send(summary, f"{address}/elsewhere")
        server.shutdown()
    assert len(taken) == 2
    assert b"BA-1" in taken[0][1]


def test_the_command_exports_what_verifies_alone(evidence, unsigned, tmp_path, capsys):
    sent = []
    own = Exporter("own", lambda run, address: sent.append((run.name, address)) or "done")
    folder = Path(copytree(unsigned, tmp_path / "run"))
    with EXPORTERS.also([own], "a test"):
        assert main(["export", "own", str(folder), "--to", "here"]) == 0
        assert (sent, capsys.readouterr().out) == ([(evidence.run, "here")], "done\n")
        record = folder / "evidence.json"
        record.write_bytes(record.read_bytes() + b" ")
        assert main(["export", "own", str(folder)]) == 1
        assert "does not verify" in capsys.readouterr().err
        assert len(sent) == 1


@pytest.mark.parametrize("name", ["mlflow", "otel"])
def test_an_exporter_is_a_registered_value(name):
    assert isinstance(EXPORTERS[name], Exporter)
    assert EXPORTERS[name].name == name


def test_an_exporter_that_nobody_knows_is_one_line():
    with pytest.raises(ProtocolError, match=r"exporter 'mlflwo'.*mlflow"):
        EXPORTERS["mlflwo"]
