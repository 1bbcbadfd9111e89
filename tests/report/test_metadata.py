"""The forms by which a run is shown and found elsewhere: badge, model-index, RO-Crate; and own forms."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from editproof.audit.publication import deliver
from editproof.cli import main
from editproof.evidence.record import Evidence
from editproof.report.formats import badge, crate, model_index
from editproof.report.formats.form import Beside
from editproof.report.formats.registry import FORMS, rendered_form
from editproof.report.page.environment import palette
from editproof.types import Outcome

from tests.audit import study
from tests.records import replace
from tests.report import gold
from tests.report.test_hostile import hostile

VOID = {
    "invalid": gold.invalid,
    "exploratory": lambda whole: replace(whole, label="EXPLORATORY", departures=("no protocol was locked",)),
    "incomplete": lambda whole: replace(whole, incomplete=("2 claims were deselected",)),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evidence]:
    return {name: study.locked(study.evidence((name,))) for name in ("gentle", "harsh")}


def words(svg: str) -> str:
    return fromstring(svg).attrib["aria-label"]


def test_the_badge_says_what_the_page_says(runs: dict[str, Evidence], whole: Evidence) -> None:
    assert runs["gentle"].outcome is Outcome.PASS
    assert words(badge.render(runs["harsh"])) == "editproof: harsh: does not conform"
    assert f'fill="{palette()["fail"]}"' in badge.render(runs["harsh"])
    said = badge.render(runs["gentle"])
    reserved = ", with reservations" if runs["gentle"].reservations else ""
    assert words(said) == f"editproof: gentle: conforms{reserved}"
    assert (f'fill="{palette()["pass"]}"' in said) is not bool(reserved)
    assert words(badge.render(whole)) == "editproof: 1 of 2 tools conforms, with reservations"
    assert f'fill="{palette()["pass"]}"' not in badge.render(whole)


@pytest.mark.parametrize("flaw", VOID)
def test_no_badge_and_no_index_shows_a_verdict_where_nothing_was_proven(whole: Evidence, flaw: str) -> None:
    run = VOID[flaw](whole)
    assert words(badge.render(run)) == f"editproof: nothing proven: {flaw.upper()}"
    assert "conform" not in words(badge.render(run))
    said = model_index.render(run)
    assert '"value"' not in said
    assert f"Nothing was proven by this run, so no estimate is listed. {flaw.upper()}" in said
    assert "onform" not in said


def test_the_index_has_the_estimates_of_every_tool(whole: Evidence) -> None:
    index = json.loads(model_index.render(whole).strip("-\n"))["model-index"]
    assert [entry["name"].split()[0] for entry in index] == [editor.card.name for editor in whole.editors]
    for entry, editor in zip(index, whole.editors, strict=True):
        [result] = entry["results"]
        shown = [verdict for verdict in editor.verdicts if verdict.estimate.value is not None]
        assert [metric["value"] for metric in result["metrics"]] == [verdict.estimate.value for verdict in shown]
        assert [metric["args"]["outcome"] for metric in result["metrics"]] == [v.outcome.value for v in shown]


def test_a_model_card_takes_the_index_of_its_tool(whole: Evidence) -> None:
    cards = pytest.importorskip("huggingface_hub.repocard")
    tool = whole.editors[1]
    card = cards.ModelCard(model_index.render(replace(whole, editors=(tool,))) + "# A card\n")
    assert card.data.model_name.split()[0] == tool.card.name
    assert [found.metric_value for found in card.data.eval_results] == [
        verdict.estimate.value for verdict in tool.verdicts if verdict.estimate.value is not None
    ]
    assert {found.task_type for found in card.data.eval_results} == {"image-to-image"}


def test_the_crate_names_every_file_with_its_digest_and_no_reference_leads_nowhere(whole: Evidence) -> None:
    digests = {"evidence.json": "a" * 64, "images/a b.png": "b" * 64}
    graph = json.loads(crate.render(whole, digests))["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    assert len(by_id) == len(graph), "no identifier stands for two things"
    assert {e["name"]: e["sha256"] for e in graph if e["@type"] == "File"} == digests
    root = by_id[by_id["ro-crate-metadata.json"]["about"]["@id"]]
    assert {"name", "description", "datePublished", "license"} <= root.keys(), "what RO-Crate 1.1 wants of a root"
    named = set(_references(graph))
    outside = {name for name in named if name.startswith(("http://schema.org", "https://w3id.org/ro/crate"))}
    assert named - outside <= by_id.keys()


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        found = [value["@id"]] if set(value) == {"@id"} else []
        return found + [name for part in value.values() for name in _references(part)]
    return [name for part in value for name in _references(part)] if isinstance(value, list) else []


@pytest.mark.parametrize("name", ["badge", "ro-crate", "model-index"])
def test_hostile_text_stays_text(whole: Evidence, name: str) -> None:
    text = rendered_form(hostile(whole), name, Beside(digests={"evidence.json": "0" * 64})).decode()
    assert not set(text) & {"\u202e", "\x00", "\x1b", "\ud800"}
    if name == "badge":
        assert {element.tag.rpartition("}")[2] for element in fromstring(text).iter()} == {
            "svg",
            "title",
            "rect",
            "g",
            "text",
        }
    else:
        json.loads(text.partition("\n---\n")[0].removeprefix("---\n"))


@pytest.mark.parametrize("name", FORMS.names)
def test_every_form_gives_equal_bytes_of_equal_evidence(whole: Evidence, name: str) -> None:
    if name == "pdf":
        pytest.skip("of the whole page: tests/report/test_records.py")
    form = FORMS[name]
    assert form.name == name
    assert form.suffix
    assert form.render(whole, Beside()) == form.render(whole, Beside())


OWN = """
from editproof.report.formats.form import Form

one_word = Form("one-word", "-word.txt", lambda evidence, beside: evidence.outcome.value.encode())
taken = Form("{name}", ".txt", one_word.render)
"""


def test_an_own_form_is_taken_from_a_trusted_file_alone(
    runs: dict[str, Evidence], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = deliver(runs["harsh"], tmp_path / "reports").parent
    own = tmp_path / "own.py"
    own.write_text(OWN.format(name="another"))
    asked = ["report", str(run), "--format", "one-word"]
    assert main(asked) == 4
    assert "no form of report of that name is known here" in capsys.readouterr().err
    assert main([*asked, "--trust", str(own)]) == 0
    assert run.with_name(f"{run.name}-word.txt").read_text() == "FAIL"
    assert "one-word" not in FORMS.names
    own.write_text(OWN.format(name="junit"))
    capsys.readouterr()
    assert main([*asked, "--trust", str(own)]) == 4
    assert "claimed by this package and by --trust" in capsys.readouterr().err
