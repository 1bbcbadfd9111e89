"""One grammar for tools, cohorts and Python files: it reads back what it writes, and each fault is one line."""

from __future__ import annotations

import pytest
from editproof.core.specification import (
    Specification,
    SpecificationError,
    options_in,
    python_file,
    reader_of,
    specification,
)
from editproof.core.usage import FILE, Given, Option, Usage, numeric, one_of, takes, usage_of, whole
from editproof.datasets.registry import READERS, dataset_from_spec
from editproof.editors.registry import editor_factories, editor_from_spec
from editproof.errors import DatasetError, EditorError
from hypothesis import example, given
from hypothesis import strategies as st

WRAPPERS = {"pad", "paste-back", "squash"}
VERBATIM = {"cmd", "folder2"}

words = st.text(st.characters(codec="utf-8"), max_size=12)
awkward = st.text(st.sampled_from("%?&=+:%25%3F%3f%26 \\/C.py\"'$é"), max_size=12)
anything = words | awkward
named = st.from_regex(r"[A-Za-z][\w-]{1,8}", fullmatch=True).filter(lambda name: name not in WRAPPERS | VERBATIM)
paths = st.builds(
    lambda drive, path: f"{drive}{path}.py",
    st.sampled_from(["", "./", "/", "C:\\", "d:/"]),
    st.text(st.sampled_from("ab?&=% \\/é."), max_size=8),
)
around = st.lists(
    st.tuples(st.sampled_from(sorted(WRAPPERS)), st.text(st.sampled_from("0123456789,x."), max_size=5)), max_size=3
).map(tuple)


def parse(text: str) -> Specification:
    return specification(text, wrappers=WRAPPERS, verbatim=VERBATIM.__contains__)


@given(
    st.builds(
        Specification,
        named | paths,
        anything,
        st.dictionaries(anything.filter(bool), anything, max_size=3),
        around,
    )
)
@example(Specification("folder", "100%25 %3F?", {"a=b": "%26&"}))
@example(Specification("phantom", "", {"n": "40", "seed": "1"}))
def test_what_is_written_reads_back(spec):
    assert parse(str(spec)) == spec


@given(st.builds(Specification, st.sampled_from(sorted(VERBATIM)), anything, st.just({}), around, st.just(True)))
@example(Specification("cmd", "?x {output} %3F&b=1", verbatim=True))
def test_a_command_line_reads_back_letter_for_letter(spec):
    assert parse(str(spec)) == spec
    assert str(spec).endswith(spec.argument)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("identity", Specification("identity")),
        ("folder:EDITS", Specification("folder", "EDITS")),
        ("folder:C:\\edits", Specification("folder", "C:\\edits")),
        ("folder:a+b:c", Specification("folder", "a+b:c")),
        ("rsna:sets?n=200&split=test", Specification("rsna", "sets", {"n": "200", "split": "test"})),
        ("phantom?n=40", Specification("phantom", "", {"n": "40"})),
        ("phantom:?n=40&seed=1", Specification("phantom", "", {"n": "40", "seed": "1"})),
        (
            "openai:m?base_url=http://h:1/v1?x=y&negative=a+b",
            Specification("openai", "m", {"base_url": "http://h:1/v1?x=y", "negative": "a+b"}),
        ),
        ("http:C:\\t\\paint.json?url=http://h", Specification("http", "C:\\t\\paint.json", {"url": "http://h"})),
        ("tool.py", Specification("tool.py")),
        ("a/tool.py:make", Specification("a/tool.py", "make")),
        ("C:\\tools\\tool.py:make", Specification("C:\\tools\\tool.py", "make")),
        ("C:/tools/tool.py", Specification("C:/tools/tool.py")),
        ("what?/tool.py:make", Specification("what?/tool.py", "make")),
        ("tool.py:make?n=1", Specification("tool.py", "make", {"n": "1"})),
        ("pad:16+C:\\t.py:make", Specification("C:\\t.py", "make", {}, (("pad", "16"),))),
        (
            "paste-back+squash:512+opencv-telea",
            Specification("opencv-telea", "", {}, (("paste-back", ""), ("squash", "512"))),
        ),
        ("odd+folder:x", Specification("odd+folder", "x")),
        (
            "cmd:C:\\tools\\x.exe --q=a&b?c {output}",
            Specification("cmd", "C:\\tools\\x.exe --q=a&b?c {output}", verbatim=True),
        ),
        ("pad+cmd:tool +1 {output}", Specification("cmd", "tool +1 {output}", {}, (("pad", ""),), True)),
    ],
)
def test_spellings(text, spec):
    assert parse(text) == spec
    assert parse(str(spec)) == spec


@pytest.mark.parametrize("query", ["n=1&n=2", "=3", "n=1&=", "%6E=1&n=1"])
def test_an_option_without_a_name_or_given_twice_is_a_fault(query):
    with pytest.raises(SpecificationError):
        options_in(query)


@given(anything)
def test_any_text_reads_back_or_is_a_fault(text):
    try:
        found = parse(text)
    except SpecificationError:
        assert "?" in text, "only options can be at fault"
        return
    assert parse(str(found)) == found


@given(paths, st.text(st.sampled_from("make_1?."), max_size=6))
def test_a_python_file_and_its_factory_are_told_apart_the_same_everywhere(path, factory):
    text = f"{path}:{factory}" if factory else path
    assert python_file(text) == (path, factory)
    assert parse(text).file == path
    assert python_file(f"{path}x:{factory}") is None


def test_the_reader_of_a_cohort_is_known_before_its_options_are():
    assert [reader_of(text) for text in ("phantom", "phantom?n=1", "rsna:a?b=c&b=c")] == ["phantom", "phantom", "rsna"]


USAGE = Usage(
    "a thing",
    "PATH",
    (
        Option("n", "how many", whole(1, 10, words={"all": None}), "3"),
        Option("rate", "how fast", numeric("a number above 0", lambda x: x > 0)),
        Option("kind", "which", one_of("plain", "striped"), "plain"),
        Option("key", "where", FILE),
    ),
)


def asked_for(text: str, usage: Usage = USAGE) -> Given:
    return usage.given(specification(text), "--thing", DatasetError)


def test_options_are_given_as_written_and_as_read():
    found = asked_for("thing:here?n=7&rate=.5")
    assert (found.asked, found.argument) == ("--thing thing:here", "here")
    assert found.written == {"n": "7", "rate": ".5"}
    assert found.text == {"n": "7", "rate": ".5", "kind": "plain", "key": ""}
    assert found.value == {"n": 7, "rate": 0.5, "kind": "plain", "key": None}
    assert asked_for("thing:here?n=all").value["n"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("thing", "--thing thing: no path. Write --thing thing:PATH."),
        ("thing?n=1", "no path"),
        ("thing:x?kid=plain", "unknown option kid. Did you mean kind? Options: n, rate, kind, key."),
        ("thing:x?zzz=1", "unknown option zzz. Options: n, rate, kind, key."),
        ("thing:x?n=0", "n = '0'. Write n=a whole number from 1 to 10 or all: how many."),
        *((f"thing:x?n={value}", "Write n=") for value in ("", "-1", "11", "1.0", "1_0", " 1", "１", "ALL")),
        *((f"thing:x?rate={value}", "Write rate=") for value in ("", "0", "nan", "inf", "x")),
        ("thing:x?kind=", "kind = ''. Write kind=plain or striped: which."),
        ("thing:x?key=", "key = ''"),
    ],
)
def test_what_is_not_taken_is_one_line_with_advice(text, words):
    with pytest.raises(DatasetError) as refused:
        asked_for(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_error_repeats_no_other_option():
    with pytest.raises(DatasetError) as refused:
        asked_for("thing:x?key=secret-1&api_key=secret-2&n=0")
    assert "api_key" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_where_there_is_no_argument_the_question_mark_may_be_left_out():
    usage = Usage("a thing", options=USAGE.options)
    assert asked_for("thing:n=2&kind=striped", usage).written == {"n": "2", "kind": "striped"}
    assert asked_for("thing:?n=2", usage).written == asked_for("thing?n=2", usage).written == {"n": "2"}
    with pytest.raises(DatasetError, match=r"--thing thing: unknown option x\."):
        asked_for("thing:x", usage)
    with pytest.raises(DatasetError, match="takes no argument"):
        asked_for("thing:x?n=2", usage)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("opencv-tela", "Did you mean opencv-telea? Installed: "),
        ("paste-bck+identity", "Did you mean paste-back? Installed: "),
        ("zzz", "no such tool is installed. Installed: "),
        ("openai:m?qualty=high", "Did you mean quality? Options: base_url, "),
        ("openai:?n=1", "--editor openai: no model. Write --editor openai:MODEL."),
        ("diffusers", "no folder"),
        ("folder", "no path"),
        ("identity:x", "identity takes no argument"),
        ("opencv-ns?a=b", "unknown option a. Options: none."),
        ("openai:m?n=1&n=2", "option n is given twice"),
        ("tool.py:make?n=1", "takes no options"),
    ],
)
def test_a_tool_that_cannot_be_named_so(spec, words):
    with pytest.raises(EditorError) as refused:
        editor_from_spec(spec, allow_egress=None)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("rnsa:x", "Did you mean rsna? There are: "),
        ("rsna:x?spilt=test", "Did you mean split? Options: n, split, seed, part, noise, blur, reduce, index."),
        ("dicom:x?n=3", "Options: labels, voi, series, masks, colour, key, index."),
        ("folder:x?masks=files&masks=auto", "option masks is given twice"),
        ("folder:x?index=", "index = ''"),
    ],
)
def test_a_cohort_that_cannot_be_named_so(spec, words):
    with pytest.raises(DatasetError) as refused:
        dataset_from_spec(spec)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_built_in_reader_says_what_it_takes(name):
    usage = usage_of(READERS[name])
    assert (usage.argument, usage.options[-1].name) == ("PATH", "index")
    assert all(option.help for option in usage.options)
    assert all(not option.default or option.kind.read(option.default) is not None for option in usage.options)


def test_a_plug_in_that_declares_nothing_is_given_the_text_after_the_colon():
    seen: list[object] = []

    def tool(argument: str) -> object:
        seen.append(argument)
        return lambda request: request.image

    def reader(argument: str) -> str:
        seen.append(argument)
        return "cohort"

    for text in ("", "a?b=%3F&c", "?n=1"):
        spec = f"mine:{text}" if text else "mine"
        assert editor_from_spec(spec, {"mine": tool}).card.deterministic is False
        assert dataset_from_spec(spec, {"mine": reader}) == "cohort"
        assert seen[-2:] == [text, text]
    with pytest.raises(EditorError, match="Write --editor mine:ARGUMENT"):
        editor_from_spec("mine?n=1", {"mine": tool})
    with pytest.raises(DatasetError, match="Write --dataset mine:ARGUMENT"):
        dataset_from_spec("mine?n=1", {"mine": reader})


def test_a_plug_in_that_says_what_it_takes_is_given_it_read():
    @takes(Usage("mine", options=(Option("n", "how many", whole(1), "2"),)))
    def reader(given: Given) -> int:
        return given.value["n"]

    assert [dataset_from_spec(spec, {"mine": reader}) for spec in ("mine", "mine:n=5", "mine:?n=7")] == [2, 5, 7]
    with pytest.raises(DatasetError, match="n = '0'"):
        dataset_from_spec("mine:?n=0", {"mine": reader})


def test_tools_without_options_keep_a_question_mark_in_their_path(tmp_path):
    usage = usage_of(editor_factories()["folder"])
    spec = specification(f"folder:{tmp_path}/what?&%41=", verbatim=lambda name: usage.takes_all)
    assert spec.argument == f"{tmp_path}/what?&%41="
    with pytest.raises(EditorError, match="there is no such folder or zip"):
        editor_from_spec(str(spec))
