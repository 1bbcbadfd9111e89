"""The real IOPaint server, in the virtual environment that ``make iopaint`` makes; CI does not do without."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.types import EditStatus

HOME = Path(os.environ.get("EDITPROOF_IOPAINT", Path(__file__).parents[2] / ".iopaint"))
PATIENCE_S = float(os.environ.get("EDITPROOF_IOPAINT_PATIENCE", "300"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def iopaint(tmp_path_factory):
    """The server's address on loopback; its cv2 model needs no weights."""
    if not (HOME / "bin" / "iopaint").exists():
        pytest.skip(f"needs IOPaint, which is not in {HOME.name}; make iopaint")
    folder = tmp_path_factory.mktemp("iopaint")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        HOME / "bin" / "iopaint", "start", "--model=cv2", "--device=cpu", "--host", "127.0.0.1", "--port", str(port),
        "--model-dir", folder,
    ]  # fmt: skip
    environment = {**os.environ, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/v1/model", server, folder / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"IOPaint did not answer:\n{log.read_text()[-2000:]}")


def test_a_gray_radiograph_comes_back_with_its_rest_alone(iopaint, request_of, desk):
    request = request_of(shape=(200, 151))
    edits = desk()
    [outcome] = edits.outcomes(editor_from_spec(f"http:iopaint?url={iopaint}"), [request])
    assert outcome.status is EditStatus.OK, outcome.message
    assert (outcome.image == request.image)[~request.edit_mask].all()
    assert (outcome.image != request.image)[request.edit_mask].any()
    assert outcome.image.dtype == np.uint8
    assert edits.store.raw(edits.ledger.ended_lines()[0].keys[0]).startswith(b"\x89PNG")
