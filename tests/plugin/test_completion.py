"""``editproof completion``: what a shell completes, asked of bash itself."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from editproof.cli import main

ASKS = """
source completion.bash
try() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  $(complete -p editproof | sed "s/.*-F \\([^ ]*\\).*/\\1/"); echo "${COMPREPLY[@]}"
}
try editproof ver
try editproof run --max-c
try editproof report --format ju
try editproof verify complet
"""


def test_bash_completes_verbs_their_options_those_of_a_run_and_files(tmp_path, capsys):
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    (tmp_path / "completion.bash").write_text(capsys.readouterr().out)
    done = subprocess.run([shutil.which("bash"), "-c", ASKS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["verify", "--max-cost", "junit", "completion.bash"]


@pytest.mark.parametrize(("shell", "begins"), [("zsh", "#compdef editproof"), ("fish", "complete -c editproof")])
def test_zsh_and_fish_are_given_theirs(capsys, shell, begins):
    pytest.importorskip("shtab")
    assert main(["completion", shell]) == 0
    assert begins in capsys.readouterr().out


def test_without_its_package_it_is_one_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 4
    assert capsys.readouterr().err.count("\n") == 1
