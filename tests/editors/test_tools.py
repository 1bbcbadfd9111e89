"""What is particular to one adapter: the command line, folders and zips, HTTP servers, the probe, the list."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from editproof.cli import main
from editproof.core.usage import usage_of
from editproof.criteria.masks import described, mask_report
from editproof.editors.adapter import check_told
from editproof.editors.probe import probed
from editproof.editors.registry import GROUP, described_editors, editor_factories, editor_from_spec
from editproof.errors import EditorError
from editproof.types import EditOutcome, EditStatus

from tests.editing.kills import wait_for
from tests.editors.server import KEY, png

SHELL = shlex.quote(sys.executable)


def python(code: str, options: str = "") -> str:
    return f"cmd:{options} {SHELL} -c {shlex.quote(code)} {{image}} {{mask}} {{output}} {{prompt}}"


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("import sys; sys.exit('out of memory')", EditStatus.FAILED, "exit code 1: out of memory"),
        ("pass", EditStatus.FAILED, "nothing was written"),
        ("import sys; open(sys.argv[3], 'w').write('x')", EditStatus.MALFORMED, "does not decode"),
    ],
)
def test_commands_that_fail(request_of, code, status, words):
    outcome = editor_from_spec(python(code))(request_of())
    assert outcome.status is status
    assert words in outcome.message
    assert outcome.provenance["exit_code"] == (1 if "exit" in code else 0)


def test_a_command_that_hangs_is_killed_with_its_children(request_of, tmp_path):
    child = tmp_path / "child"
    code = (
        "import subprocess, sys, time; "
        f"p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); open({str(child)!r}, 'w').write(str(p.pid)); "
        "time.sleep(60)"
    )
    outcome = editor_from_spec(python(code, "timeout=8"))(request_of())
    assert outcome.status is EditStatus.TIMED_OUT
    stat = Path(f"/proc/{child.read_text()}/stat")
    wait_for(lambda: not stat.exists() or stat.read_text().split()[2] == "Z")


def test_a_command_meets_no_shell_and_no_name(request_of, tmp_path):
    code = f"import sys; open({str(tmp_path / 'said')!r}, 'w').write('|'.join(sys.argv[1:])); sys.exit(3)"
    request = request_of()
    editor_from_spec(python(code))(
        type(request)(request.image, request.edit_mask, "$(id) {image}", 0, 1, "patient-name")
    )
    said = (tmp_path / "said").read_text().split("|")
    assert said[3] == "$(id) {image}"
    assert "patient-name" not in "".join(said)


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("", "no [option=value ...] program"), ("tool {image}", "no {output}"), ("no-such-tool {output}", "no program 'no-such-tool'"),
        ("mask=red true {output}", "mask = 'red'"), ("'x {output}", "quotes do not match"),
    ],
)  # fmt: skip
def test_commands_that_cannot_run_are_refused(argument, found):
    with pytest.raises(EditorError) as refused:
        editor_from_spec(f"cmd:{argument}")
    assert found in refused.value.found
    assert refused.value.advice


def published(root: Path) -> None:
    """The published layout, with one repeat missing."""
    for case, repeat in (("a", 1), ("a", 2), ("b", 1)):
        (root / case).mkdir(parents=True, exist_ok=True)
        (root / case / f"{case}_cleaned_{repeat}.png").write_bytes(png(np.full((75, 53), repeat, np.uint8)))


def zipped(root: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(root.with_suffix(".zip"), "w") as archive:
        for path in sorted(root.rglob("*.*")):
            archive.write(path, prefix + path.relative_to(root).as_posix())
    return root.with_suffix(".zip")


@pytest.mark.parametrize("form", ["folder", "zip", "zip of a folder"])
def test_published_layout_with_a_missing_repeat(tmp_path, request_of, form):
    root = tmp_path / "edits"
    published(root)
    path = root if form == "folder" else zipped(root, "edits/" if "of" in form else "")
    editor = editor_from_spec(f"folder:{path}")
    outcomes = {(case, repeat): editor(request_of(case=case, repeat=repeat)) for case in "ab" for repeat in (0, 1)}
    assert [int(outcomes[place].image[0, 0]) for place in (("a", 0), ("a", 1), ("b", 0))] == [1, 2, 1]
    assert outcomes["b", 1].status is EditStatus.FAILED
    assert outcomes["b", 1].message == "no file for case b, repeat 2"


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_manifest(tmp_path, request_of, form):
    root = tmp_path / "edits"
    published(root)
    rows = "case,repeat,file\nx,1,a/a_cleaned_2.png\nx,2,gone.png\n"
    (root / "manifest.csv").write_text(rows)
    editor = editor_from_spec(f"folder:{root if form == 'folder' else zipped(root)}")
    assert editor(request_of(case="x")).image[0, 0] == 2
    assert editor(request_of(case="x", repeat=1)).status is EditStatus.FAILED
    assert editor(request_of(case="a")).status is EditStatus.FAILED, "a manifest goes before the names"
    assert "1 more are listed and not there" in editor.card.description


@pytest.mark.parametrize(
    "rows", ["patient,file\n1,a/a_cleaned_1.png\n", "case,repeat,file\na,first,a/a_cleaned_1.png\n"]
)
def test_a_wrong_manifest_is_refused(tmp_path, rows):
    published(tmp_path)
    (tmp_path / "manifest.csv").write_text(rows)
    with pytest.raises(EditorError, match=r"manifest\.csv"):
        editor_from_spec(f"folder:{tmp_path}")


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("", "no template"), ("nobody", "preset or template 'nobody'"), ("iopaint?url=ftp://x", "http(s) address"),
        ("iopaint?url=http://u:p@h/", "carries a password"), ("iopaint?timeout=x", "timeout = 'x'"),
        ("iopaint?mask=red", "mask = 'red'"), ("iopaint?size=4", "option size"),
    ],
)  # fmt: skip
def test_http_tools_that_cannot_be_asked_are_refused(argument, found):
    with pytest.raises(EditorError) as refused:
        editor_from_spec(f"http:{argument}", allow_egress=None)
    assert found in refused.value.found
    assert refused.value.advice


def test_http_pixels_leave_for_named_hosts_only():
    with pytest.raises(EditorError, match=r"--allow-egress paint\.example\.org"):
        editor_from_spec("http:iopaint?url=https://paint.example.org")


BUILT_IN = {point.name for point in entry_points(group=GROUP) if point.value.startswith("editproof.")}


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_built_in_tool_says_what_it_takes(name, capsys):
    """Name, argument, options, receiver and one line of help: from beside the factory, and so printed."""
    usage = usage_of(editor_factories()[name])
    assert usage is not None
    assert usage.help
    assert "\n" not in usage.help
    assert len({option.name for option in usage.options}) == len(usage.options)
    for option in usage.options:
        assert option.help
        assert "\n" not in option.help
        assert not option.default or option.kind.read(option.default) is not None
    assert main(["editors"]) == 0
    printed = capsys.readouterr().out
    assert re.search(
        rf"^{name} +{re.escape(usage.receiver or 'sends nothing')} +{re.escape(usage.help)}$", printed, re.M
    )
    assert all(f"    {option.name}={option.default}  {option.help}" in printed for option in usage.options)


def test_every_installed_tool_is_described():
    described = {tool.name: tool for tool in described_editors()}
    assert {"openai", "http", "cmd", "folder", "identity", "opencv-telea"} <= BUILT_IN <= set(described)
    assert "api.openai.com" in described["openai"].receiver
    assert all(tool.receiver and tool.usage.help for tool in described.values())


@pytest.mark.parametrize("spec", ["identity", "destructive", "opencv-telea", "opencv-ns"])
def test_a_tool_that_receives_nothing_sends_nothing(spec):
    assert editor_from_spec(spec, allow_egress=None).card.sends_data_to is None
    assert usage_of(editor_factories()[spec]).receiver == ""


class Reader:
    """Tools that read their mask in one way or another."""

    @staticmethod
    def respected(image, mask):
        return np.where(mask, 255 - image, image)

    @staticmethod
    def inverted(image, mask):
        return np.where(mask, image, 255 - image)

    @staticmethod
    def ignored(image, mask):
        return 255 - image

    @staticmethod
    def guidance(image, mask):
        wide = np.roll(mask, 20, 0) | mask
        return np.where(wide, 255 - image, image)

    @staticmethod
    def nothing(image, mask):
        return image.copy()

    @staticmethod
    def refusal(image, mask):
        return EditOutcome.failure(EditStatus.REFUSED, "not for me")


@pytest.mark.parametrize("reading", ["respected", "inverted", "ignored", "guidance", "nothing", "refusal"])
def test_probe_tells_how_a_mask_is_read(reading):
    def tool(request):
        return getattr(Reader, reading)(request.image, request.edit_mask)

    from editproof.editors.adapter import checked

    trials = probed(checked(tool), lambda editor, requests: [editor(request) for request in requests])
    report = mask_report("tool", trials)
    expected = {"nothing": "unchanged", "refusal": "not known"}.get(reading, reading)
    assert report.finding == expected, described(report)
    assert report.respected == (reading == "respected")
    assert ("no edits came back: not for me" in report.because) == (reading == "refusal")
    assert len(described(report).splitlines()) == 6


def test_probe_from_the_command_line(server, tmp_path, capsys):
    arguments = ["probe", server.openai(mask_polarity="alpha"), "--store", str(tmp_path)]
    assert main(arguments) == 0
    assert "mask respected" in capsys.readouterr().out
    assert main(arguments) == 0
    assert len(server.requests) == 5, "a probe is paid for once"
    assert main(["store", str(tmp_path)]) == 0
    assert "0 fault(s); 5 edits were asked for" in capsys.readouterr().out


COHORT = """
from tests.editing.work import Cohort

def pytest_editproof_datasets():
    return {"tiny": lambda argument: Cohort(int(argument))}
"""


def test_edits_alone_from_the_command_line(server, tmp_path):
    (tmp_path / "conftest.py").write_text(COHORT)
    root = Path(__file__).parents[2]

    def edit(*more: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "editproof.cli",
            "edit",
            "--prompt",
            "Remove the label.",
            "--editor",
            server.openai(n=3),
            "--dataset",
            "tiny:4",
            *more,
        ]
        environment = {**os.environ, "PYTHONPATH": str(root), "OPENAI_API_KEY": KEY}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    estimate = edit("--dry-run")
    assert "12 edits asked for, 12 to make" in estimate.stdout, estimate.stderr
    assert not server.requests
    stopped = edit("--max-edits", "6")
    assert stopped.returncode == 1
    assert "--max-edits 6" in stopped.stderr
    assert len(server.requests) == 2
    done = edit()
    assert done.returncode == 0
    assert "12 ok; spent in this run USD" in done.stdout
    assert len(server.requests) == 4


def cases_of(*names: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(case_id=name, prompt="") for name in names]


def test_a_folder_of_other_cases_is_one_error_before_anything_is_edited(tmp_path):
    (tmp_path / "IMG_1_out.png").write_bytes(png(np.zeros((75, 53), np.uint8)))
    editor = editor_from_spec(f"paste-back+folder:{tmp_path}")
    with pytest.raises(EditorError, match=r"of any of 2 cases: expected e.g. a/a_cleaned_1.png, found IMG_1_out.png"):
        check_told(editor, "", cases_of("a", "b"))
    check_told(editor, "", cases_of("a", "IMG_1_out"))
    (tmp_path / "manifest.csv").write_text("case,repeat,file\nx,1,IMG_1_out.png\n")
    with pytest.raises(EditorError, match=r"manifest.csv lists \('x', 1\)"):
        check_told(editor_from_spec(f"folder:{tmp_path}"), "", cases_of("a", "b"))


@pytest.mark.parametrize("name", ["Jose\u0301.png", "Jos\u00e9.PNG", "Jose\u0301/1.Tiff"])
def test_letters_and_endings_are_found_in_every_form(tmp_path, request_of, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(png(np.full((75, 53), 7, np.uint8)))
    editor = editor_from_spec(f"folder:{tmp_path}")
    assert editor(request_of(case="Jos\u00e9")).status is EditStatus.OK
    assert editor(request_of(case="Jose\u0301")).status is EditStatus.OK


def test_two_files_that_differ_in_form_alone_are_refused(tmp_path):
    for name in ("a.png", "a.PNG"):
        (tmp_path / name).write_bytes(png(np.zeros((75, 53), np.uint8)))
    with pytest.raises(EditorError, match="Keep one of them"):
        editor_from_spec(f"folder:{tmp_path}")


CANNOT_START = {
    "CRLF": (b"#!/bin/sh\r\ncp $1 $2\r\n", "", r"line ends of Windows \(CRLF\).*dos2unix tool"),
    "CRLF after env": (b"#!/usr/bin/env python3\r\nprint()\r\n", "", "dos2unix tool"),
    "CRLF for a shell": (b"cp $1 $2\r\n", "sh ", "dos2unix tool"),
    "no interpreter": (b"#!/no/such/shell\ncp $1 $2\n", "", "names no interpreter that is there"),
    "empty first line": (b"#!\ncp $1 $2\n", "", "names no interpreter that is there"),
    "no first line": (b"cp $1 $2\n", "", "is a text whose first line names no interpreter"),
}


@pytest.mark.skipif(os.name == "nt", reason="Windows starts programs by other rules")
@pytest.mark.parametrize("name", CANNOT_START)
def test_a_program_that_cannot_start_is_refused_when_it_is_read(tmp_path, name):
    content, before, found = CANNOT_START[name]
    (tmp_path / "tool").write_bytes(content)
    (tmp_path / "tool").chmod(0o755)
    with pytest.raises(EditorError, match=found):
        editor_from_spec(f"cmd:{before}{tmp_path / 'tool'} {{image}} {{output}}")


@pytest.mark.skipif(os.name == "nt", reason="Windows starts programs by other rules")
@pytest.mark.parametrize("first", ["#!/bin/sh", "#! /bin/sh -eu", "#!/usr/bin/env -S sh -e"])
def test_a_program_that_starts_is_no_alarm(tmp_path, request_of, first):
    (tmp_path / "tool").write_text(f'{first}\ncp "$1" "$2"\n', newline="\n")
    (tmp_path / "tool").chmod(0o755)
    request = request_of()
    outcome = editor_from_spec(f"cmd:{tmp_path / 'tool'} {{image}} {{output}}")(request)
    assert outcome.status is EditStatus.OK, outcome.message
    editor_from_spec(f"cmd:{sys.executable} -c pass {{output}}")
