"""Signals that end or interrupt a run end the programs that it started, with children and grandchildren."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of POSIX")

FAMILY = """
import os, subprocess, sys, time
depth = int(sys.argv[1])
open(os.path.join({folder!r}, f"{{os.getpid()}}.pid"), "w").close()
if depth:
    subprocess.Popen([sys.executable, __file__, str(depth - 1)])
time.sleep(90)
"""
"""A program that has a child, which has a child; each says that it is there."""

EDITS = """
import signal, sys, numpy as np
for name in ("SIGTERM", "SIGHUP"):  # which nohup, for one, has its programs ignore
    signal.signal(getattr(signal, name), signal.SIG_DFL)
from editproof.editing.edits import each
from editproof.editors.registry import editor_from_spec
from editproof.types import EditRequest
image = np.arange(64, dtype=np.uint8).reshape(8, 8)
editor = editor_from_spec(sys.argv[1])
requests = [EditRequest(image, image > 40, "x", n, n, "c") for n in range(8)]
for outcome in each(lambda request: editor(request), requests, threads=2):
    print("ENDED AS", outcome.status, flush=True)
"""

COMMAND = "import sys; from editproof.core.processes import exit_code_of; exit_code_of(sys.argv[1:])"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def family(tmp_path):
    """Path of the program, and the process ids of all that ran."""
    program = tmp_path / "family.py"
    program.write_text(FAMILY.format(folder=str(tmp_path)))
    yield program, lambda: [int(path.stem) for path in tmp_path.glob("*.pid")]
    for path in tmp_path.glob("*.pid"):
        if alive(int(path.stem)):
            os.kill(int(path.stem), signal.SIGKILL)


def told(words: list[str], number: int, pids, n: int) -> tuple[int, str]:
    """Exit code and output of a command that got a signal once so many processes were there."""
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as run:  # fmt: skip
        end = time.monotonic() + 60
        while len(pids()) < n and time.monotonic() < end and run.poll() is None:
            time.sleep(0.02)
        run.send_signal(number)
        said, _ = run.communicate(timeout=60)
        return run.returncode, said


def gone(pids) -> bool:
    end = time.monotonic() + 10
    while any(map(alive, pids())) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(alive, pids()))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_the_programs_of_every_thread_with_their_children(family, name):
    program, pids = family
    spec = f"cmd:concurrency=2 {sys.executable} {program} 2 {{image}} {{output}}"
    number = getattr(signal, name)
    code, said = told([sys.executable, "-c", EDITS, spec], number, pids, 6)
    assert gone(pids)
    assert len(pids()) == 6, "no further program was begun"
    assert "ENDED AS" not in said, "what a signal ended is no failure of the tool"
    assert code == -number, said


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_command_of_ours_is_told_to_stop_and_ends_its_programs(family, name):
    """As ``editproof run`` hands on to pytest."""
    program, pids = family
    spec = f"cmd:{sys.executable} {program} 1 {{image}} {{output}}"
    words = [sys.executable, "-c", COMMAND, sys.executable, "-c", EDITS, spec]
    code, said = told(words, getattr(signal, name), pids, 4)
    assert gone(pids)
    assert code == -getattr(signal, name), said


def test_the_command_line_says_an_interruption_in_one_line(monkeypatch, capsys):
    from editproof import cli

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_exit_code", interrupted)
    assert cli.main([]) == 130
    assert capsys.readouterr().err.startswith("editproof: interrupted. What was kept is whole")


def test_a_worker_ends_with_the_process_that_it_works_for(family):
    """Also where that is killed without a word."""
    program, pids = family
    script = program.with_name("main.py")
    script.write_text(
        "import subprocess, sys\n"
        "from editproof.core.processes import program_at_work\n"
        "from editproof.study.workers import results\n"
        "def work(words):\n"
        "    with program_at_work(words) as program:\n"
        "        program.wait()\n"
        "if __name__ == '__main__':\n"
        "    list(results(work, [sys.argv[1:]] * 2, jobs=2))\n"
    )
    words = [sys.executable, str(script), sys.executable, str(program), "1"]
    code, _ = told(words, signal.SIGKILL, pids, 4)
    assert code == -signal.SIGKILL
    assert gone(pids)
