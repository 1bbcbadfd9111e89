"""A ledger that was cut off anywhere is read, written to and counted on: money of whole lines, limits that hold."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from editproof.cli import main
from editproof.core import lines
from editproof.editing.ledger import ENDED, SENT, Ended, Ledger
from editproof.errors import EditorError, EvidenceError
from hypothesis import given, settings
from hypothesis import strategies as st

TOOL, OTHER = "paid", "other: ü"


def written(root, since=0.0):
    """Three requests of two tools that ended, one of them of two edits, and one that never did."""
    ledger = Ledger(root, since)
    for number, (tool, keys, cost) in enumerate([(TOOL, ["a"], 0.25), (OTHER, ["b", "c"], 0.5), (TOOL, ["d"], 1.0)]):
        request = ledger.sent(tool, keys, 1, cost, batch="b1" if number == 1 else None)
        ledger.ended(request, tool, keys, ["ok"] * len(keys), message='"},\\n{', attempt=1, cost_usd=cost, seconds=0.5)
    ledger.sent(TOOL, ["e"], 1, 2.0)
    return ledger


def whole_lines(path):
    """What a reader who knows nothing of the ledger makes of a file: the lines that are JSON."""
    found = []
    for text in path.read_bytes().split(b"\n") if path.exists() else ():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


def cut_places(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    written(root)
    return {name: (root / name).read_bytes() for name in (SENT, ENDED)}


@pytest.mark.parametrize("name", [SENT, ENDED])
def test_a_file_cut_off_at_any_byte_loses_no_whole_line(tmp_path_factory, name):
    contents = cut_places(tmp_path_factory)
    root = tmp_path_factory.mktemp("cut")
    for place in range(len(contents[name]) + 1):
        for file, content in contents.items():
            (root / file).write_bytes(content[:place] if file == name else content)
        before = {file: whole_lines(root / file) for file in contents}
        ledger = Ledger(root)
        again = ledger.sent(TOOL, ["f"], 1, 4.0)
        ledger.ended(again, TOOL, ["f"], ["ok"], attempt=1, cost_usd=3.0)
        sent, ended = Ledger(root).sent_lines(), Ledger(root).ended_lines()
        assert [line.id for line in sent] == [*(line["id"] for line in before[SENT]), again], place
        assert [line.id for line in ended] == [*(line["id"] for line in before[ENDED]), again], place
        torn = len(contents[name][:place].split(b"\n")[-1]) > 0 and len(whole_lines(root / name)) == (
            len((root / name).read_bytes().strip().split(b"\n")) - 1
        )
        assert Ledger(root).torn_lines() == torn, place
        totals = Ledger(root).totals()
        assert totals.cost_usd == sum(line["cost_usd"] for line in before[ENDED]) + 3.0, place
        gone = {line.id for line in ended}
        expected = sum(line.expected_usd for line in sent if line.id not in gone)
        assert totals.committed_usd >= totals.cost_usd + expected, place
        assert ledger.totals().committed_usd == totals.committed_usd, "read in steps or at once"


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.tuples(st.sampled_from([SENT, ENDED]), st.integers(1, 80)), max_size=6))
def test_torn_and_written_to_again_and_again(tmp_path_factory, cuts):
    root = tmp_path_factory.mktemp("again")
    watcher = Ledger(root)
    for name, length in cuts:
        request = Ledger(root).sent(TOOL, ["k"], 1, 0.5)
        Ledger(root).ended(request, TOOL, ["k"], ["ok"], attempt=1, cost_usd=0.5)
        path = root / name
        path.write_bytes(path.read_bytes()[:-length])
        watcher.torn_lines()
    Ledger(root).sent(TOOL, ["last"], 1, 0.5)
    paid = sum(line["cost_usd"] for line in whole_lines(root / ENDED))
    totals = Ledger(root).totals()
    assert totals.cost_usd == pytest.approx(paid)
    sent, ended = (whole_lines(root / name) for name in (SENT, ENDED))
    assert len(Ledger(root).sent_lines()) == len(sent)
    assert len(Ledger(root).ended_lines()) == len(ended)
    lost = {line["id"] for line in sent} - {line["id"] for line in ended}
    assert totals.committed_usd >= paid + 0.5 * len(lost) - 1e-9


TORN = {
    "before its cost": ('{"attempt": 1, "exp', 2.0),
    "in its cost": ('{"attempt": 1, "expected_usd": 0.2', 2.0),
    "after its cost": ('{"attempt": 1, "expected_usd": 0.25, "id": "0a', 0.25),
    "a cost in powers of ten": ('{"attempt": 1, "expected_usd": 1e-05, "id": "0a', 0.00001),
    "no JSON at all": ("\x00\x00\x00", 2.0),
    "JSON of another shape": ('{"tool": "paid"}', 2.0),
    "a cost below nothing": ('{"attempt": 1, "expected_usd": -5.0, "id": "0a"', 2.0),
}


@pytest.mark.parametrize("newline", ["", "\n"])
@pytest.mark.parametrize(("text", "cost"), TORN.values(), ids=TORN)
def test_a_torn_request_may_have_been_paid_for(tmp_path, text, cost, newline):
    written(tmp_path)
    before = Ledger(tmp_path).totals().committed_usd
    with (tmp_path / SENT).open("a") as file:
        file.write(text + newline)
    totals = Ledger(tmp_path).totals()
    assert (totals.torn, totals.committed_usd) == (1, pytest.approx(before + cost))


@pytest.mark.parametrize("newline", ["", "\n"])
def test_limits_hold_over_a_torn_request(tmp_path, newline):
    (tmp_path / SENT).write_text('{"attempt": 1, "exp' + newline)
    with pytest.raises(EditorError, match=r"USD 0\.60 are spent or committed; the next request may cost 0\.60"):
        Ledger(tmp_path, max_cost=1.0).sent(TOOL, ["a"], 1, 0.6)
    with pytest.raises(EditorError, match="--max-edits 3"):
        Ledger(tmp_path, max_edits=3).sent(TOOL, ["a", "b"], 1)
    assert Ledger(tmp_path, max_cost=1.2).sent(TOOL, ["a"], 1, 0.6)
    assert Ledger(tmp_path, max_edits=5).sent(OTHER, ["a", "b"], 1)


def test_a_torn_request_that_ended_is_counted_once(tmp_path):
    ledger = Ledger(tmp_path)
    request = ledger.sent(TOOL, ["a"], 1, 0.6)
    content = (tmp_path / SENT).read_bytes()
    (tmp_path / SENT).write_bytes(content[:-20])
    ledger.ended(request, TOOL, ["a"], ["ok"], attempt=1, cost_usd=0.5)
    totals = Ledger(tmp_path).totals()
    assert (totals.torn, totals.cost_usd, totals.committed_usd, totals.edits[TOOL]) == (0, 0.5, 0.5, 1)


def test_a_torn_line_counts_in_the_run_of_the_line_after_it(tmp_path):
    first = Ledger(tmp_path)
    first.sent(TOOL, ["a"], 1, 0.5)
    since = first.sent_lines()[0].time + 100
    with (tmp_path / SENT).open("a") as file:
        file.write('{"torn')
    assert Ledger(tmp_path, since).totals().torn == 1, "nobody can say of which run it is"
    Ledger(tmp_path).sent(TOOL, ["b"], 1, 0.5)
    assert Ledger(tmp_path, since).totals().torn == 0, "it was followed by a line of an earlier run"
    assert Ledger(tmp_path).totals().torn == 1


def test_a_full_disk_tears_a_line_and_the_next_begins_anew(tmp_path, monkeypatch):
    ledger, write = written(tmp_path), lines.os.write
    monkeypatch.setattr(lines.os, "write", lambda handle, content: write(handle, content[:30]))
    with pytest.raises(EvidenceError, match="No space left on device"):
        ledger.sent(TOOL, ["x"], 1, 0.5)
    monkeypatch.undo()
    assert ledger.sent(TOOL, ["y"], 1, 0.5) == Ledger(tmp_path).sent_lines()[-1].id
    assert Ledger(tmp_path).torn_lines() == 1


def test_torn_lines_are_said_once(tmp_path, capsys):
    written(tmp_path)
    for name in (SENT, ENDED):
        with (tmp_path / name).open("a") as file:
            file.write('{"torn\n{"torn')
    assert main(["store", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.count("are torn") == 1
    assert "4 lines of its ledger are torn and skipped" in told


def test_fields_of_other_versions_are_skipped_and_absent_ones_left_out(tmp_path):
    written(tmp_path)
    line = json.loads((tmp_path / ENDED).read_text().splitlines()[0])
    assert set(line) == {"time", "id", "tool", "keys", "status", "message", "attempt", "cost_usd", "seconds"}
    (tmp_path / ENDED).write_text(json.dumps(line | {"carbon_g": 3}) + "\n")
    [known] = Ledger(tmp_path).ended_lines()
    assert known == replace(known, id=line["id"], cost_usd=0.25)
    assert isinstance(known, Ended)
