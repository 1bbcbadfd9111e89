"""The worker processes of a run are begun once, fit what the run finds, and end with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from editproof.core.processes import is_running
from editproof.study.workers import Workers


def worker(item: int) -> int:
    if item < 0:
        raise ValueError(item)
    time.sleep(0.05)
    return os.getpid()


def test_workers_are_kept_while_they_fit(monkeypatch, tmp_path):
    workers = Workers()
    try:
        first = {*workers.results(worker, range(6), jobs=2)}
        assert os.getpid() not in first
        monkeypatch.setenv("PYTEST_CURRENT_TEST", "another (call)")
        assert {*workers.results(worker, range(6), jobs=2)} <= first
        monkeypatch.syspath_prepend(tmp_path)
        other = {*workers.results(worker, range(2), jobs=2)}
        assert not other & first
        with pytest.raises(ValueError, match="-1"):
            list(workers.results(worker, [-1], jobs=2))
        last = {*workers.results(worker, range(2), jobs=2)}
        assert not last & {*first, *other}
    finally:
        workers.close()
    assert not [process for process in {*first, *other, *last} if is_running(process)]
    assert [*workers.results(worker, [1], jobs=1)] == [os.getpid()]


IDLE = """
import os, signal, sys, time
from editproof.study.workers import Workers
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has programs in the background ignore
    workers = Workers()
    print(*workers.results(os.kill, [], jobs=2), *workers.results(abs, [-3], jobs=2), flush=True)
    try:
        os.killpg(0, signal.SIGINT)
        time.sleep(30)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of POSIX")
def test_workers_that_wait_say_nothing_of_an_interruption(tmp_path):
    """A terminal sends it to all processes."""
    (script := tmp_path / "idle.py").write_text(IDLE)
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, start_new_session=True, timeout=60,
                         check=False)  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, "3\ninterrupted\n", "")
