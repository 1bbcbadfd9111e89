"""The doors that files come in by: sound files for each, and what reads them."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from editproof.audit.verification import faults
from editproof.criteria.claim_tables import claims_from
from editproof.datasets.dicom.cohort import dicom
from editproof.datasets.folder.cohort import folder
from editproof.datasets.index.reading import index_at
from editproof.editors.registry import editor_from_spec
from editproof.evidence.bundle import save
from editproof.imaging import codec, geometry
from editproof.imaging.nifti import nifti_bytes
from editproof.instruments.card import read_card
from editproof.study.study_file import read_study
from editproof.types import EditRequest

from tests.audit import study
from tests.datasets.conftest import png, radiograph
from tests.datasets.dicoms import radiograph_file, written
from tests.fuzz.mutations import of_bytes, of_json, of_text

SMALL = (32, 24)


@dataclass(frozen=True)
class Door:
    """A sound file, how it is changed, and what reads it: from the content of the file and a folder to work in."""

    sound: bytes
    change: Callable[..., bytes]
    read: Callable[[bytes, Path], object]


def _decoded(cohort) -> list[object]:
    return [case.decode() for case in cohort]


def _folder_of(name: str, table: str = "case_id,image\nA,{}\n") -> Callable[[bytes, Path], object]:
    def read(content: bytes, root: Path) -> object:
        (root / name).write_bytes(content)
        (root / "manifest.csv").write_text(table.format(name))
        return _decoded(folder(root, masks="files"))

    return read


def _mask(content: bytes, root: Path) -> object:
    (root / "a.png").write_bytes(png(radiograph(1, SMALL)))
    return _folder_of("m.png", "case_id,image,edit_mask\nA,a.png,{}\n")(content, root)


def _manifest(content: bytes, root: Path) -> object:
    (root / "a.png").write_bytes(png(radiograph(1, SMALL)))
    (root / "manifest.csv").write_bytes(content)
    return _decoded(folder(root, masks="files"))


def _dicom(content: bytes, root: Path) -> object:
    (root / "a.dcm").write_bytes(content)
    return _decoded(dicom(root, masks="files"))


def _answer(content: bytes, _: Path) -> object:
    image = radiograph(1, SMALL)
    request = EditRequest(image, image > 9, "x", 0, 0, "c")
    return codec.parcel_of(request, geometry.unchanged).opened(content)


def _file(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    def opened(content: bytes, root: Path) -> object:
        (root / name).write_bytes(content)
        return read(root / name)

    return opened


def _evidence(name: str, whole: Path) -> Callable[[bytes, Path], object]:
    def verified(content: bytes, root: Path) -> object:
        shutil.copytree(whole, root / "run")
        (root / "run" / name).write_bytes(content)
        return list(faults(root / "run"))

    return verified


@contextmanager
def doors(root: Path) -> Iterator[dict[str, Door]]:
    """Every door by name; what they need lies below a folder."""
    run = root / "run"
    save(study.locked(study.evidence()), run)
    header = radiograph_file(radiograph(1, SMALL), 1)
    dcm = written(header, root / "a.dcm").read_bytes()
    volume = nifti_bytes(np.arange(6 * 7 * 8, dtype=np.int16).reshape(6, 7, 8), (1.0, 1.0, 1.0))
    plain = gzip.decompress(volume) if volume[:2] == b"\x1f\x8b" else volume
    card = (Path(__file__).parents[2] / "models" / "bones" / "card.json").read_bytes()
    told = b'suite = "validations"\ndataset = "phantom"\n\n[[tool]]\neditor = "identity"\n'
    claims = b'[[claim]]\nid = "A"\nestimand = "failure_rate()"\nat_most = 0.1\nsource = "x"\n'
    template = {"url": "http://127.0.0.1:1", "body": {"image": "{image}"}, "answer": "a.0", "poll": {"url": "/j/{id}"}}
    manifest = b"case_id,image,bone_age,sex,site\nA,a.png,100,F,Bern\n"
    index = {"schema": 1, "cases": [{"case_id": "A", "digest": "ab"}], "excluded": []}
    yield {
        "DICOM": Door(dcm, of_bytes, _dicom),
        "PNG": Door(png(radiograph(1, SMALL)), of_bytes, _folder_of("a.png")),
        "mask": Door(png((radiograph(1, SMALL) > 99).astype(np.uint8) * 255), of_bytes, _mask),
        "NIfTI": Door(plain, of_bytes, _folder_of("a.nii")),
        "NIfTI, packed": Door(gzip.compress(plain), of_bytes, _folder_of("a.nii.gz")),
        "answer of a tool": Door(png(radiograph(1, SMALL)), of_bytes, _answer),
        "manifest": Door(manifest, of_text, _manifest),
        "card": Door(card, of_json, _file("card.json", read_card)),
        "study file": Door(told, of_text, _file("study.toml", read_study)),
        "claims": Door(claims, of_text, _file("claims.toml", claims_from)),
        "template": Door(
            json.dumps(template).encode(), of_json, _file("t.json", lambda path: editor_from_spec(f"http:{path}"))
        ),
        "index": Door(json.dumps(index).encode(), of_json, _file("cohort.json", index_at)),
        "evidence": Door((run / "evidence.json").read_bytes(), of_json, _evidence("evidence.json", run)),
    }
