"""A package that is not installed is one line that names its extra, before anything is asked of a tool."""

from __future__ import annotations

import json
import sys
import tomllib
from argparse import Namespace
from pathlib import Path

import pandas as pd
import pytest
from editproof.audit.exporters.exporter import EXPORTERS
from editproof.audit.publication import Signer
from editproof.cli.completion import _completion
from editproof.core.extras import BY_HAND, EXTRAS
from editproof.core.files import files_at
from editproof.core.usage import Given
from editproof.datasets.folder.files import Entry
from editproof.datasets.folder.volumes import frame_in
from editproof.datasets.tables.table import table
from editproof.editors.realesrgan import realesrgan
from editproof.errors import EditproofError
from editproof.instruments.files import file_sha256
from editproof.phantoms.dicoms import write_dicoms
from editproof.phantoms.phantom import cohort
from editproof.report.formats import pdf, tidy
from editproof.study.executors.executor import EXECUTORS
from editproof.study.plan import Plan
from editproof.study.run import Run
from editproof.study.study_file import StudyFile

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
BUNDLES = {"docs", "train", "test", "dev"}
"""Extras that no study needs."""

COUNTED = """
from pathlib import Path

def counted():
    def edit_like_nothing(request):
        Path({asked!r}).touch()
        return request.image
    return edit_like_nothing
"""


def card(folder, content, **told):
    name = told.pop("file")
    (folder / name).write_bytes(content)
    quantities = [{"name": "age", "unit": "months"}]
    facts = {"name": "own", "description": "-", "licence": "-", "training_data": "-", "quantities": quantities}
    facts |= {"sha256": {name: file_sha256(folder / name)}, **told}
    (folder / "card.json").write_text(json.dumps(facts))
    return {"instrument_specs": (str(folder / "card.json"),)}


def scans(folder):
    write_dicoms(cohort(2), folder)
    return {"dataset_spec": f"dicom:{folder}"}


def parquet(folder):
    pd.DataFrame({"case": ["a"], "value": [1.0]}).to_parquet(folder / "readings.parquet")
    content = (folder / "readings.parquet").read_bytes()
    return card(folder, content, file="readings.parquet", runtime="table", table={"file": "readings.parquet"})


def pipeline(folder):
    (folder / "model_index.json").write_text("{}")
    return {"editors": (f"diffusers:{folder}",)}


def script(folder):
    prepared = {"height": 8, "width": 8, "fit": "squash"}
    told = card(folder, b"x", file="m.pt", runtime="torchscript", files=["m.pt"], preprocessing=prepared)
    return {**told, "trust_instrument": True}


def hub_folder(folder):
    names = ("config.json", "model.safetensors", "preprocessor_config.json")
    for name in names:
        (folder / name).write_text("{}")
    return card(
        folder, b"{}", file="config.json", runtime="transformers", quantities=[],
        raw_outputs=[{"name": "finding", "kind": "classes", "labels": ["sick", "well"]}],
        outputs={"finding": {"activation": "softmax"}}, sha256={name: file_sha256(folder / name) for name in names},
    )  # fmt: skip


OF_A_RUN = {
    "an image service": ("openai", lambda folder: {"editors": ("openai:gpt-image-1",)}),
    "an image service in batches": ("openai", lambda folder: {"editors": ("openai:gpt-image-1?mode=batch",)}),
    "a pipeline": ("diffusers", pipeline),
    "scans": ("dicom", scans),
    "a table of readings": ("parquet", parquet),
    "an ONNX model": ("onnx", lambda folder: {"instrument_specs": ("phantom",)}),
    "weights for torch": ("torch", lambda folder: {"instrument_specs": (str(ROOT / "models/phantom/torch.json"),)}),
    "a TorchScript model": ("torch", script),
    "a folder of Hugging Face": ("transformers", hub_folder),
    "text in images": ("ocr", lambda folder: {"instrument_specs": ("rapidocr",)}),
}
"""What may be asked of a run, and the extra that it takes."""

AT_ONCE = {
    "completion": ("completion", lambda folder: _completion(Namespace(shell="bash"))),
    "a signature": ("sign", lambda folder: Signer(folder / "key.pem", "me", "approval").check()),
    "a PDF": ("pdf", lambda folder: pdf.pdf_of("<p>")),
    "measurements": ("parquet", lambda folder: tidy.parquet(None)),
    "labels": ("parquet", lambda folder: table(Entry(folder, "labels.parquet", zipped=False))),
    "a volume": ("volumes", lambda folder: frame_in(Entry(folder, "head.nii", zipped=False), "C1")),
    "a cluster": ("ray", lambda folder: EXECUTORS["ray"].open("")),
    **{
        f"a store at {scheme}": (scheme, lambda folder, s=scheme: files_at(f"{s}://a/b"))
        for scheme in ("s3", "gs", "az")
    },
    **{
        f"an export to {name}": (name, lambda folder, n=name: EXPORTERS[n].send(None, ""))
        for name in ("mlflow", "otel")
    },
    "a store at a URL": ("url", lambda folder: files_at("file:///a/b")),
    "an enhancer": ("realesrgan", lambda folder: realesrgan(Given("realesrgan", "", {}, {"model": "-"}, {}))),
}
"""What is done without a tool."""


@pytest.fixture
def hidden(monkeypatch):
    def hide(extra, whole=False):
        for package in EXTRAS[extra]:
            for name in (package, *(package.split(".")[:1] if whole else ())):
                monkeypatch.setitem(sys.modules, name, None)

    return hide


@pytest.mark.parametrize(("extra", "asking"), OF_A_RUN.values(), ids=OF_A_RUN)
def test_a_run_that_lacks_a_package_says_so_before_it_asks_a_tool(extra, asking, hidden, tmp_path):
    (tmp_path / "tool.py").write_text(COUNTED.format(asked=str(tmp_path / "asked")))
    counted = f"{tmp_path / 'tool.py'}:counted"
    (tmp_path / "given").mkdir()
    told = {"dataset_spec": "phantom:?n=2", "instrument_specs": (), **asking(tmp_path / "given")}
    told["editors"] = (counted, *told.get("editors", ()))
    hidden(extra)
    with pytest.raises(EditproofError) as caught:
        Run(plan=Plan.of(StudyFile(prompt="-"), repeats=1), store=tmp_path / "store", **told).check()
    assert_names(extra, str(caught.value))
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize(("extra", "done"), AT_ONCE.values(), ids=AT_ONCE)
def test_what_lacks_a_package_says_so(extra, done, hidden, tmp_path):
    hidden(extra)
    with pytest.raises(EditproofError) as caught:
        done(tmp_path)
    assert_names(extra, str(caught.value))


def test_a_package_of_which_even_the_parent_is_missing_is_named(hidden, tmp_path):
    hidden("otel", whole=True)
    with pytest.raises(EditproofError) as caught:
        EXPORTERS["otel"].send(None, "")
    assert_names("otel", str(caught.value))


def test_every_extra_is_tried():
    tried = {extra for extra, _ in (*OF_A_RUN.values(), *AT_ONCE.values())}
    assert tried == set(EXTRAS) == {*DECLARED, "onnx"} - BUNDLES


def test_a_model_in_a_file_that_does_not_import_is_refused_before_it_reads(tmp_path):
    source = b"import no_such_package\n\ndef make(): ...\n"
    told = card(
        tmp_path,
        source,
        file="own.py",
        runtime="python",
        factory="own.py:make",
        preprocessing={"height": 8, "width": 8, "fit": "squash"},
        inputs={"as": "images"},
    )
    run = Run(
        editors=("identity",), plan=Plan.of(StudyFile(), repeats=1), store=tmp_path / "store",
        dataset_spec="phantom:?n=2", trust_instrument=True, **told,
    )  # fmt: skip
    with pytest.raises(EditproofError, match=r"does not import \(ModuleNotFoundError: No module named 'no_such_pack"):
        run.check()


def assert_names(extra, message):
    assert "\n" not in message
    assert EXTRAS[extra][0] in message
    assert "is not installed" in message
    assert BY_HAND.get(extra, f"pip install 'editproof[{extra}]'") in message
