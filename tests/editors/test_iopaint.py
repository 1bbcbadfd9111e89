"""The real IOPaint server, in a virtual environment of its own.

Opt-in, for making that environment downloads two gigabytes: set EDITPROOF_IOPAINT to a folder to make it in (or to
one that already holds it).
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
import venv
from pathlib import Path

import numpy as np
import pytest

from harness.editors.registry import editor_from_spec
from harness.types import EditStatus

HOME = os.environ.get("EDITPROOF_IOPAINT", "")
PACKAGES = ("iopaint==1.6.0", "torch==2.13.0", "torchvision==0.28.0")
PATIENCE_S = float(os.environ.get("EDITPROOF_IOPAINT_PATIENCE", "180"))

OP_SCHEMAS = """
import sys
if any(word.endswith("iopaint") for word in sys.argv[:1]) or "iopaint" in " ".join(getattr(sys, "orig_argv", [])):
    import torch
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""
"""A torchvision built for another torch lacks its compiled operators, and does not import without these two."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HOME, reason="set EDITPROOF_IOPAINT=FOLDER to try the real IOPaint server"),
]


@pytest.fixture(scope="module")
def iopaint():
    home = Path(HOME)
    if not (home / "bin" / "iopaint").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "-q", *PACKAGES], check=True)
    [packages] = (home / "lib").glob("python*/site-packages")
    (packages / "sitecustomize.py").write_text(OP_SCHEMAS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        home / "bin" / "iopaint",
        "start",
        "--model=cv2",
        "--device=cpu",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/v1/model", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def wait_for(url: str, server: subprocess.Popen) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"IOPaint did not answer; see {HOME}/server.log")


def test_a_gray_radiograph_comes_back_with_its_rest_alone(iopaint, request_of, desk):
    request = request_of(shape=(200, 151))
    edits = desk()
    [outcome] = edits.outcomes(editor_from_spec(f"http:iopaint?url={iopaint}"), [request])
    assert outcome.status is EditStatus.OK, outcome.message
    assert (outcome.image == request.image)[~request.edit_mask].all()
    assert (outcome.image != request.image)[request.edit_mask].any()
    assert outcome.image.dtype == np.uint8
    assert edits.store.raw(next(edits.ledger.lines())["keys"][0]).startswith(b"\x89PNG")
