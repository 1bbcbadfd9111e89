"""Every long step says how far it is at a terminal, and nothing anywhere else."""

from __future__ import annotations

import io

from editproof.core.progress import watched, watching
from editproof.study import progress

from tests.plugin.test_plugin import ARGUMENTS


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_tells_the_time_left_at_a_terminal_and_nothing_elsewhere(monkeypatch):
    monkeypatch.setattr(progress, "MOMENT_S", 0.0)
    for stream, says in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        with watching(progress.progress_bar):
            assert list(watched(range(3), 3, "originals: read")) == [0, 1, 2]
        assert ("originals: read:   0%" in stream.getvalue()) is says
        assert ("<" in stream.getvalue()) is says  # elapsed<left


def test_a_step_is_not_shown_where_nobody_asked():
    assert list(watched(iter("ab"), 2, "x")) == ["a", "b"]


def test_each_step_of_a_run_is_shown(lab, monkeypatch):
    seen: list[tuple[str, int, str]] = []

    def bar(items, total, title, unit):
        seen.append((title, total, unit))
        return items

    monkeypatch.setattr(progress, "progress_bar", bar)
    assert lab.runpytest_inprocess(*ARGUMENTS, "--editor", "tools.py:fill").ret == 0
    assert seen[0][0] == "originals: read"
    read = {
        f"{name}: {step}"
        for name in ("_fill", "identity", "destructive")
        for step in ("read what is kept", "edit and read")
    }
    assert read | {"_fill: decide", "controls: decide"} <= {title for title, _, _ in seen}
    assert ("originals: read", 30, "case") in seen
    assert ("_fill: decide", 4, "claim") in seen
