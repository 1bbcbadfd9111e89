"""A folder, an object store and a filesystem in memory keep files alike."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import uuid

import pytest
from editproof.core.files import files_at
from editproof.core.url_files import UrlFiles, files_of_url
from editproof.errors import EvidenceError

from tests.core import s3


@pytest.fixture(scope="module")
def s3_url():
    for package in ("s3fs", "moto"):
        pytest.importorskip(package, reason="needs the extras s3 and test")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3.KEYS.items():
            patch.setenv(name, value)
        with s3.s3_server() as address:
            patch.setenv("AWS_ENDPOINT_URL", address)
            yield f"s3://{s3.BUCKET}"


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def place(request, tmp_path):
    if request.param == "folder":
        return tmp_path / "store"
    if request.param == "file":
        return f"file://{tmp_path}/store"
    name = uuid.uuid4().hex
    return f"memory://{name}" if request.param == "memory" else f"{request.getfixturevalue('s3_url')}/{name}"


def test_files_come_back_whole(place):
    files = files_at(place)
    assert files.read("a/b.json") is None
    assert not files.exists("a/b.json")
    for content in (b"one", b"", bytes(range(256)) * 4096):
        files.write("a/b.json", content)
        assert files.read("a/b.json") == content
    files.write("a/c.bin", b"")
    files.write("b/c.json", b"")
    assert files.exists("a/b.json")
    assert files.names("a/*") == ["a/b.json", "a/c.bin"]
    assert files.names("*/*.json") == ["a/b.json", "b/c.json"]
    assert str(place) in files.place("a/b.json")


def test_one_of_two_makes_a_file(place):
    one, other = files_at(place), fresh(place)
    assert [one.create("x/id", b"1"), other.create("x/id", b"2"), one.create("x/id", b"3")] == [True, False, False]
    assert other.read("x/id") == b"1"


def fresh(place):
    """Files of the same place that know nothing of what the others did."""
    return UrlFiles(place) if isinstance(place, str) else files_at(place)


def test_lines_are_in_the_order_in_which_they_were_added(place):
    one, other = files_at(place), fresh(place)
    assert one.lines("log") == ([], b"", 0)
    for number in range(6):
        (one, other)[number % 2].append("log", f"line {number}")
    lines, rest, end = one.lines("log")
    assert (lines, rest) == ([b"line %d" % number for number in range(6)], b"")
    other.append("log", "line 6")
    assert one.lines("log", end)[0] == [b"line 6"]


def test_a_line_that_is_checked_comes_after_all_it_saw(place):
    """Two writers that may add five lines between them never add a sixth."""
    added, refusals = [], []

    def write(files):
        def check():
            if len(files.lines("log")[0]) >= 5:
                raise EvidenceError("a line", "five are enough", "Stop.")

        for _ in range(4):
            try:
                files.append("log", "x", check)
                added.append(1)
            except EvidenceError:
                refusals.append(1)

    threads = [threading.Thread(target=write, args=(files,)) for files in (files_at(place), fresh(place))]
    if str(place).startswith("memory"):  # one writer at a time, as is said
        threads = threads[:1]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = (5, 3) if len(threads) == 2 else (4, 0)
    assert (len(added), len(refusals)) == expected
    assert len(files_at(place).lines("log")[0]) == expected[0]


def test_a_lock_is_held_by_one(place):
    if str(place).startswith("memory"):
        pytest.skip("one writer at a time, as is said")
    inside, most = [], []

    def work(files):
        for _ in range(3):
            with files.holding("locks/a.lock", poll_s=0.01):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work, args=(files,)) for files in (files_at(place), fresh(place))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 6


def test_the_lock_of_a_process_that_is_gone_is_taken_over(s3_url):
    files = files_at(f"{s3_url}/locks")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    held = {"host": platform.node(), "process": gone.pid, "id": "x", "time": 0}
    files.write("a.lock", json.dumps(held).encode())
    with files.holding("a.lock"):
        assert json.loads(files.read("a.lock"))["process"] == os.getpid()
    assert files.read("a.lock") is None


def test_what_keeps_no_two_writers_apart_says_so(capsys):
    name = uuid.uuid4().hex
    files_of_url(f"memory://{name}"), files_of_url(f"memory://{name}")
    assert capsys.readouterr().err.count("let one process at a time write to it") == 1


def test_a_bucket_that_is_not_there_and_a_scheme_that_nobody_knows_are_one_line(s3_url):
    with pytest.raises(EvidenceError, match=r"^store file s3://nobody/id: it cannot be written .*bucket"):
        files_at("s3://nobody").create("id", b"")
    with pytest.raises(EvidenceError, match=r"^the store strange://x: Protocol not known: strange"):
        files_at("strange://x")
