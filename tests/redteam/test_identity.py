"""Edits are found again by what made them, not by what it calls itself: nobody passes on somebody else's edits."""

from __future__ import annotations

import base64
import importlib
import json
import os
import shlex
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from editproof.core.sources import source_digest
from editproof.editing.store import request_keys
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError

from tests.plugin.test_plugin import ARGUMENTS
from tests.records import flat

HONEST = """
import cv2
import numpy as np
from editproof.editors.inpaint import telea
from editproof.types import EditorCard, EditOutcome

class Painter:
    card = EditorCard(NAME, "1.0", "fills the marker", deterministic=CLAIM)
    def __call__(self, request):
        image = request.image.copy(); image[request.edit_mask] = 10
        return EditOutcome.ok(image)

def make(): return Painter()
"""
WHITE = HONEST.replace("image[request.edit_mask] = 10", "image[:] = 255")


def judged(lab, spec, *more):
    """Exit code and record of the newest run."""
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", spec, *more)
    runs = sorted((lab.path / "reports").glob("*/evidence.json"), key=lambda path: path.stat().st_mtime_ns)
    return result, flat(json.loads(runs[-1].read_text())) if runs else {}


@pytest.mark.parametrize("claim", ["True", "False"])
def test_code_that_changed_under_one_version_does_not_pass_on_the_former_edits(lab, claim):
    honest, harmful = (text.replace("NAME", "'painter'").replace("CLAIM", claim) for text in (HONEST, WHITE))
    (lab.path / "mine.py").write_text(honest)
    result, found = judged(lab, "mine.py:make")
    assert (result.ret, found["outcome"]) == (0, "PASS"), "the honest twin"
    (lab.path / "mine.py").write_text(harmful)
    result, found = judged(lab, "mine.py:make")
    assert result.ret in (1, 9)
    assert found["outcome"] == "FAIL"
    assert found["editors"][0]["reason"].startswith("1 of 2 primary criteria failed: BA-1.")


@pytest.mark.parametrize("name", ["opencv-telea", "Identity ", "paste-back+mine", "openai:gpt-image-1"])
def test_the_name_of_a_built_in_tool_is_taken(lab, name):
    (lab.path / "mine.py").write_text(WHITE.replace("NAME", repr(name)).replace("CLAIM", "True"))
    result, found = judged(lab, "mine.py:make")
    assert (result.ret, found) == (4, {})
    result.stderr.fnmatch_lines(["*is the name of a built-in tool or wrapper. Give it a name of its own on its card.*"])


def test_a_copied_card_takes_no_edits(tmp_path):
    """Even with the name, version and parameters of another tool, and the source digest written on the card."""
    (tmp_path / "honest.py").write_text(HONEST.replace("NAME", "'painter'").replace("CLAIM", "False"))
    first = editor_from_spec(f"{tmp_path / 'honest.py'}:make")
    stolen = WHITE.replace("NAME", "'painter'").replace("CLAIM", f"False, source={first.card.source!r}")
    (tmp_path / "harmful.py").write_text(stolen)
    second = editor_from_spec(f"{tmp_path / 'harmful.py'}:make")
    assert second.card.name == first.card.name
    assert not set(request_keys(first.card, [request()])) & set(request_keys(second.card, [request()]))


def request():
    from editproof.types import EditRequest

    return EditRequest(np.zeros((8, 8), np.uint8), np.zeros((8, 8), bool), "p", 0, 1, "c")


@pytest.fixture
def painting():
    """A server that says which model it runs."""
    served = {"model": "lama", "asked": []}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served["asked"].append(self.path)
            self._answer(json.dumps({"name": served["model"]}).encode())

        def do_POST(self):
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(base64.b64decode(told["image"]))

        def _answer(self, body):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http:iopaint?url=http://127.0.0.1:{server.server_port}", served
    server.shutdown()


def test_a_server_that_runs_another_model_is_found_out(painting):
    spec, served = painting
    honest = editor_from_spec(f"{spec}&model=lama")
    assert [honest(request()).status.value for _ in range(2)] == ["ok", "ok"]
    assert served["asked"] == ["/api/v1/model"], "asked once"
    served["model"] = "mat"
    with pytest.raises(EditorError, match="its server runs mat, not lama"):
        editor_from_spec(f"{spec}&model=lama")(request())
    other = editor_from_spec(f"{spec}&model=mat")
    assert other(request()).status.value == "ok"
    assert not set(request_keys(honest.card, [request()])) & set(request_keys(other.card, [request()]))
    assert request_keys(editor_from_spec(spec).card, [request()]) != request_keys(honest.card, [request()])


BODIES = {
    "its own text": ({"tool.py": "def make():\n    return edit\ndef edit(r):\n    return r.image + 1\n"}, "+ 1", "+ 2", "tool.py"),
    "a module beside it": ({"tool.py": "import one_beside\ndef make(): return edit\ndef edit(r): return one_beside.f(r)\n",
        "one_beside.py": "def f(r): return r.image + 1\n"}, "+ 1", "+ 2", "one_beside.py"),
    "a module imported inside a function": ({"tool.py": "def make(): return edit\ndef edit(r):\n    import one_inside\n    return one_inside.f(r)\n",
        "one_inside.py": "def f(r): return r.image + 1\n"}, "+ 1", "+ 2", "one_inside.py"),
    "a module imported by name": ({"tool.py": "import importlib\ndef make(): return edit\ndef edit(r):\n    return importlib.import_module('one_named').f(r)\n",
        "one_named.py": "def f(r): return r.image + 1\n"}, "+ 1", "+ 2", "one_named.py"),
    "a module of a module": ({"tool.py": "def make(): return edit\ndef edit(r):\n    from one_pkg.deep import f\n    return f(r)\n",
        "one_pkg/__init__.py": "", "one_pkg/deep.py": "from .deeper import F\ndef f(r): return r.image + F\n", "one_pkg/deeper.py": "F = 1\n"}, "F = 1", "F = 2", "one_pkg/deeper.py"),
    "a data file beside it": ({"tool.py": "import json, pathlib\nG = json.loads((pathlib.Path(__file__).parent / 'gain.json').read_text())\ndef make(): return edit\ndef edit(r): return r.image + G\n",
        "gain.json": "1"}, "1", "2", "gain.json"),
    "a data file in a folder": ({"tool.py": "from pathlib import Path\ndef make(): return edit\ndef edit(r): return r.image + int((Path(__file__).parent / 'weights/gain.txt').read_text())\n",
        "weights/gain.txt": "1"}, "1", "2", "weights/gain.txt"),
    "a data file by a pattern": ({"tool.py": "from pathlib import Path\ndef make(): return edit\ndef edit(r): return [p.read_text() for p in Path(__file__).parent.glob('*.gain')]\n",
        "a.gain": "1"}, "1", "2", "a.gain"),
    "a data file of its own name": ({"tool.py": "from pathlib import Path\ndef make(): return edit\ndef edit(r): return Path(__file__).with_suffix('.cfg').read_text()\n",
        "tool.cfg": "1"}, "1", "2", "tool.cfg"),
    "weights that a class was given": ({"tool.py": "from pathlib import Path\nclass T:\n    def __init__(self): self.weights = Path(__file__).parent / ('w' + '.bin')\n    def __call__(self, r): return self.weights.read_bytes()\ndef make(): return T()\n",
        "w.bin": "1"}, "1", "2", "w.bin"),
}  # fmt: skip


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A folder to import from; what is imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    forget(before)


def forget(known):
    for name in set(sys.modules) - known:
        if name.startswith(("one_", "tool")):
            del sys.modules[name]
    importlib.invalidate_caches()


def version(folder):
    known = set(sys.modules)
    try:
        return editor_from_spec(f"{folder / 'tool.py'}:make").card.source
    finally:
        forget(known)


@pytest.mark.parametrize("what", BODIES)
def test_everything_that_makes_the_edits_is_a_part_of_identity(fresh, what):
    files, before, after, changed = BODIES[what]
    for name, text in files.items():
        (fresh / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).write_text(text)
    first = version(fresh)
    (fresh / "report.html").write_text("what a run leaves beside it")
    assert version(fresh) == first, "and nothing else is"
    content = (fresh / changed).read_text()
    assert before in content
    (fresh / changed).write_text(content.replace(before, after))
    assert version(fresh) != first


def bound(value, **more):
    def edit(request):
        return request.image + value

    edit.more = more
    return edit


VALUES = [
    1,
    2,
    [1, 2],
    [1, 3],
    (1, 2),
    {"a": [1]},
    {"a": [2]},
    np.array([1, 2]),
    np.array([1, 3]),
    np.array([1.0, 2.0]),
    {1, 2},
]


def test_whatever_a_factory_binds_is_a_part_of_identity():
    digests = [source_digest(bound(value)) for value in VALUES]
    assert len(set(digests)) == len(VALUES)
    assert digests == [source_digest(bound(value)) for value in VALUES], "and it is the same each time"


def test_the_function_that_a_factory_binds_is_a_part_of_identity():
    assert source_digest(bound(lambda x: x + 1)) != source_digest(bound(lambda x: x + 2))


def test_a_tool_that_rewrites_itself_is_refused(fresh):
    innocent = "def make(): return edit\ndef edit(r): return r.image\n"
    for text in (
        f"from pathlib import Path\nPath(__file__).write_text({innocent!r})\ndef make(): return edit\ndef edit(r): return 255 - r.image\n",
        f"from pathlib import Path\ndef make():\n    Path(__file__).write_text({innocent!r})\n    return edit\ndef edit(r): return 255 - r.image\n",
    ):
        (fresh / "tool.py").write_text(text)
        with pytest.raises(EditorError, match=r"tool\.py was changed after it was loaded"):
            version(fresh)
    (fresh / "tool.py").write_text(innocent)
    assert version(fresh), "the honest twin"


def test_a_helper_that_was_swapped_after_import_is_refused(fresh):
    (fresh / "tool.py").write_text(
        "import one_swapped\ndef make(): return edit\ndef edit(r): return one_swapped.f(r)\n"
    )
    helper = fresh / "one_swapped.py"
    helper.write_text("def f(r): return r.image\n")
    assert version(fresh), "the honest twin"
    helper.write_text(
        "from pathlib import Path\nPath(__file__).write_text('def f(r): return r.image\\n')\ndef f(r): return 255 - r.image\n"
    )
    with pytest.raises(EditorError, match=r"one_swapped\.py was changed after it was loaded"):
        version(fresh)


@pytest.mark.parametrize("form", ["package", "module", "script", "through env", "console script"])
def test_the_module_behind_an_interpreter_is_a_part_of_identity(tmp_path, monkeypatch, form):
    package = tmp_path / "one_cmd"
    package.mkdir()
    for name, text in (
        ("__init__", ""),
        ("__main__", "from one_cmd.work import f\nf()\n"),
        ("work", "def f(): print(1)\n"),
    ):
        (package / f"{name}.py").write_text(text)
    (tmp_path / "one_script.py").write_text("from one_cmd import work\nwork.f()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    python, stub = sys.executable, tmp_path / "one-cmd"
    words = {
        "package": [python, "-m", "one_cmd"], "module": [python, "-s", "-m", "one_cmd.work"],
        "script": [python, str(tmp_path / "one_script.py")], "through env": ["env", "A=1", python, "-m", "one_cmd"],
        "console script": [str(stub)],
    }[form]  # fmt: skip
    if form == "console script":
        stub.write_text(f"#!{python}\nfrom one_cmd.work import f\nf()\n")
        stub.chmod(0o755)

    def told():
        return editor_from_spec(f"cmd:{shlex.join(words)} {{image}} {{output}}").card.version

    first = told()
    assert told() == first
    (package / "work.py").write_text("def f(): print(2)\n")
    os.utime(package / "work.py")
    assert told() != first
