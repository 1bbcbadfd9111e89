"""What differs on other systems, simulated here: line ends, order of names, process groups, locks, open files, encodings."""

from __future__ import annotations

import ast
import errno
import os
import subprocess
import sys
import time

import pytest
from editproof.core import files
from editproof.core.locks import holding
from editproof.core.processes import end_with_children
from editproof.core.sources import source_digest
from editproof.core.specification import specification
from editproof.editing.store import Store
from editproof.editors.programs import files_digest
from editproof.errors import EvidenceError
from editproof.study import workers
from editproof.study.case_records import READINGS

from tests.needs import ROOT

SOURCE = b"def tool(request):\n    return request.image\n"


def test_source_has_one_digest_whatever_its_line_ends(tmp_path):
    digests = set()
    for folder, content in (("unix", SOURCE), ("windows", SOURCE.replace(b"\n", b"\r\n"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool.py").write_bytes(content)
        digests.add(files_digest([str(tmp_path / folder / "tool.py"), "x"], "cmd:"))
        names: dict = {}
        exec(compile(content, str(tmp_path / folder / "tool.py"), "exec"), names)
        digests.add(source_digest(names["tool"]))
    assert len(digests) == 2, "one of the command, one of the callable"


def test_other_source_has_another(tmp_path):
    for name, content in (("a", SOURCE), ("b", SOURCE.replace(b"image", b"mask"))):
        (tmp_path / name).write_bytes(content)
    assert files_digest([str(tmp_path / "a")], "cmd:") != files_digest([str(tmp_path / "b")], "cmd:")


def test_the_repository_fixes_its_line_ends():
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text(encoding="utf-8")


def test_a_drive_letter_is_part_of_a_path():
    parsed = specification(r"C:\tools\tool.py:make?a=1")
    assert (parsed.name, parsed.argument) == (r"C:\tools\tool.py", "make")


def test_a_program_ends_where_there_are_no_process_groups(monkeypatch):
    monkeypatch.delattr(os, "killpg")
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    began = time.monotonic()
    end_with_children(program)
    assert program.returncode not in (None, 0)
    assert time.monotonic() - began < 30


def test_what_a_program_started_ends_with_it(tmp_path):
    code = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    program = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE, text=True)
    child = int(program.stdout.readline())
    end_with_children(program)
    for _ in range(100):
        stat = ROOT.__class__(f"/proc/{child}/stat")
        if not stat.exists() or " Z " in stat.read_text(encoding="utf-8"):
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_one_line(tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        pytest.raises(EvidenceError, match=r"cannot be taken .* Name a folder on a local disk") as caught,
        holding(tmp_path / "a.lock"),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_a_store_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "store").write_text("x")
    with (
        pytest.raises(EvidenceError, match="Name a folder") as caught,
        holding(tmp_path / "store" / "locks" / "a.lock"),
    ):
        pass
    assert "\n" not in str(caught.value)
    with pytest.raises(EvidenceError, match="Name a folder that can be written to: --store DIR"):
        Store(tmp_path / "store").keep_record(READINGS, "0" * 64, {})


def test_a_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(KeyError), holding(tmp_path / "a.lock"):
        raise KeyError
    with holding(tmp_path / "a.lock"):
        pass


def test_a_file_that_another_process_has_open_is_replaced_once_it_is_free(tmp_path, monkeypatch):
    """Windows refuses to replace a file that is open."""
    place, draft, tries = tmp_path / "a", tmp_path / "b", []
    place.write_text("old"), draft.write_text("new")
    replace = os.replace

    def busy(*paths):
        tries.append(paths)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "in use")
        replace(*paths)

    monkeypatch.setattr(os, "replace", busy)
    files.move(str(draft), place)
    assert (place.read_text(), len(tries)) == ("new", 3)


def test_a_folder_that_nobody_may_write_to_is_not_waited_for(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "replace", refused)
    began = time.monotonic()
    with pytest.raises(PermissionError):
        files.move(str(tmp_path / "b"), tmp_path / "a")
    assert time.monotonic() - began < 0.5


def test_no_more_processes_than_windows_can_wait_for(monkeypatch):
    asked = []

    class Pool:
        def __init__(self, jobs, *_, **__):
            asked.append(jobs)
            raise KeyboardInterrupt

    monkeypatch.setattr(workers, "ProcessPoolExecutor", Pool)
    for system, expected in (("nt", 61), ("posix", 96)):
        monkeypatch.setattr(workers.os, "name", system)
        with pytest.raises(KeyboardInterrupt):
            list(workers.results(abs, [1], jobs=96))
        assert asked.pop() == expected


def test_every_text_file_is_opened_with_its_encoding():
    """What a locale says is not asked: it is cp1252 on many machines."""
    found = []
    for folder in ("harness", "validations", "fixtures", "docs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and without_encoding(node):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found


def without_encoding(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if any(word.arg in ("encoding", None) for word in call.keywords):
        return False
    if name in ("read_text", "write_text"):
        return len(call.args) < (1 if name == "read_text" else 2)
    if name == "open" and isinstance(call.func, ast.Name):
        mode = call.args[1].value if len(call.args) > 1 and isinstance(call.args[1], ast.Constant) else "r"
        return "b" not in str(mode)
    return False


def test_a_call_without_encoding_is_noticed():
    calls = ["p.read_text()", "p.write_text(x)", "open(p)", "open(p, 'w')"]
    assert all(without_encoding(ast.parse(call).body[0].value) for call in calls)
    fine = ["p.read_text(encoding='utf-8')", "p.write_text(x, encoding='utf-8')", "open(p, 'rb')", "p.read_bytes()"]
    assert not any(without_encoding(ast.parse(call).body[0].value) for call in fine)
