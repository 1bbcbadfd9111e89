"""Which files a command runs: the program, arguments that are files, the modules behind an interpreter of Python."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from editproof.core.imports import (
    INSTALLED,
    files_named,
    home_of,
    module_file,
    parsed_file,
    text_of_source,
    used_files,
)
from editproof.core.redaction import redacted
from editproof.errors import EditorError

_PYTHON = re.compile(r"(python|pypy)[0-9.]*")
_SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh"})
_SCRIPTS = frozenset({".sh", ".bash", ".zsh", ".ksh", ".bat", ".cmd", ".ps1", ".pl", ".rb", ".js", ".r", ".R", ".jl"})
_NAMES = re.compile(r"[\w.+-]+")
_WHOLE_PATHS = re.compile(r"(?<![\w.}/-])/[\w./+-]+")
_OF_THE_SYSTEM = ("/bin/", "/sbin/", "/usr/", "/lib", "/etc/", "/dev/", "/proc/", "/sys/")
_LARGEST_SCRIPT = 1 << 20
_WHERE = (
    "import json, sys, sysconfig as s; print(json.dumps([sys.path, s.get_path('stdlib'), s.get_path('platstdlib')]))"
)
_LONGEST_S = 60.0


def files_digest(words: Sequence[str], asked: str) -> str:
    """First digits of the sha256 over the files that a command runs; the same where none of them changed.

    A script is known by its own file, by those beside it that its text names, by those that it names by their whole
    path outside the folders of the system, and so on from each of these. What any other program starts is not seen, and
    neither is a name that is put together while a script runs.

    Parameters
    ----------
    words : sequence of str
        Of the command, the program first.
    asked : str
        What was asked for, as an error names it.

    Raises
    ------
    EditorError
        Where an interpreter cannot be asked where it looks for modules.
    """
    digest = hashlib.sha256()
    for word in words:
        for named in (word, word.partition("=")[2]):  # FILE, and --option=FILE
            if named and is_file(named):
                digest.update(hashlib.sha256(text_of_source(named, Path(named).read_bytes())).digest())
    given = [Path(word) for word in words if is_file(word)]
    behind = {
        path.resolve()
        for path in [
            *_in_texts(words),
            *_behind_interpreters(words, asked),
            *_behind_scripts([*given, *_in_texts(words)]),
        ]
    }
    others = behind - {Path(word).resolve() for word in words if is_file(word)}
    for path in sorted(others, key=lambda path: path.as_posix()):
        digest.update(path.name.encode() + hashlib.sha256(text_of_source(path.name, path.read_bytes())).digest())
    return digest.hexdigest()[:16]


def check_starts(words: Sequence[str], asked: str) -> None:
    """Refuse a program that no system can start, before it is asked for the first edit.

    Raises
    ------
    EditorError
        Where the first line of a script ends as on Windows, names an interpreter that is not there, or is missing;
        or where a script that a shell is to read has the line ends of Windows.
    """
    if os.name == "nt":
        return
    program = Path(words[0])
    beginning, name = _beginning(program), program.name
    first, feed, _ = beginning.partition(b"\n")
    if first.startswith(b"#!"):
        _check_line_end(first, name, asked)
        interpreter = first[2:].split()[:1]
        if not interpreter or not Path(os.fsdecode(interpreter[0])).exists():
            found = f"the first line of {name} names no interpreter that is there"
            raise EditorError(asked, found, "Correct it: #!/bin/sh, or #!/usr/bin/env python3.")
    elif feed and b"\0" not in beginning:
        found = f"{name} is a text whose first line names no interpreter"
        raise EditorError(asked, found, "Begin it with #!/bin/sh, or name what runs it: cmd:sh FILE ...")
    if name in _SHELLS:
        for script in [Path(word) for word in words[1:] if is_file(word)][:1]:
            _check_line_end(_beginning(script).partition(b"\n")[0], script.name, asked)


def _check_line_end(line: bytes, name: str, asked: str) -> None:
    if line.endswith(b"\r"):
        found = f"{name} has the line ends of Windows (CRLF), with which it cannot be run here"
        raise EditorError(asked, found, f"Save it with line ends of Unix: dos2unix {name}.")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def is_file(word: str) -> bool:
    """Whether a word names a file; a program's text, however long, does not."""
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def _in_texts(words: Sequence[str]) -> Iterator[Path]:
    """Files, by their whole path, in words that are command lines themselves: ``sh -c "/opt/tool --in {image}"``."""
    for word in words[1:]:
        try:
            parts = shlex.split(word)
        except ValueError:
            continue
        for part in parts if len(parts) > 1 else []:
            if Path(part).is_absolute() and is_file(part):
                yield Path(part)


def _behind_scripts(files: Sequence[Path]) -> Iterator[Path]:
    """Files that scripts name, those that these name, and what is imported by those of Python among them."""
    waiting, seen = [path.resolve() for path in files], set[Path]()
    while waiting:
        path = waiting.pop()
        if path in seen or not (text := _text_of_script(path)):
            continue
        seen.add(path)
        named = {*files_named(path, frozenset(_NAMES.findall(text)))}
        whole = (Path(word) for word in _WHOLE_PATHS.findall(text) if not word.startswith(_OF_THE_SYSTEM))
        for found in {*named, *(other.resolve() for other in whole if is_file(str(other)))} - seen:
            beside = partial(_is_below, found.parent)
            yield from used_files(found, "", beside, search=[str(found.parent)]) if found.suffix == ".py" else (found,)
            waiting.append(found)


def _is_below(folder: Path, path: Path) -> bool:
    return path.is_relative_to(folder) and not INSTALLED & set(path.parts)


def _text_of_script(path: Path) -> str:
    """The text of a script that is not Python; empty for that and for anything else."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SCRIPT)
    except OSError:
        return ""
    first = content.partition(b"\n")[0]
    marked = first.startswith(b"#!")
    is_python = path.suffix == ".py" or (marked and _PYTHON.search(first.decode(errors="replace")) is not None)
    if is_python or b"\0" in content or not (marked or path.suffix in _SCRIPTS):
        return ""
    return content.decode(errors="replace")


def _behind_interpreters(words: Sequence[str], asked: str) -> Iterator[Path]:
    for index, word in enumerate(words):
        program = shutil.which(word)
        if program is None:
            continue
        if _PYTHON.fullmatch(Path(program).stem):
            yield from _run_by_python(program, words[index + 1 :], asked)
            return
        if interpreter := _interpreter_of(Path(program)):
            yield from _modules([Path(program)], interpreter, (), asked)


def _interpreter_of(script: Path) -> str:
    """The interpreter of Python that the first line of a script names, or nothing."""
    with script.open("rb") as file:
        first = file.readline(500)
    if not first.startswith(b"#!"):
        return ""
    named = first[2:].decode(errors="replace").split()
    found = next((word for word in named if _PYTHON.fullmatch(Path(word).stem)), "")
    return shutil.which(found) or "" if found else ""


def _run_by_python(python: str, rest: Sequence[str], asked: str) -> Iterator[Path]:
    """What ``python REST`` runs: the module after ``-m``, the text after ``-c``, the scripts among the words."""
    flags, module, text, left = [], "", "", list(rest)
    while left and left[0].startswith("-") and left[0] != "-":
        flag = left.pop(0)
        if flag in ("-W", "-X", "--check-hash-based-pycs"):
            left = left[1:]
            continue
        kind = next((letter for letter in flag[1:] if letter in "mc"), "") if not flag.startswith("--") else ""
        own, _, attached = flag.partition(kind) if kind else (flag, "", "")
        flags += [own] if re.fullmatch(r"-[A-Za-z]+", own) else []
        if kind:
            given = attached or (left.pop(0) if left else "")
            module, text = (given, "") if kind == "m" else ("", given)
            break
    scripts = [Path(word) for word in left if Path(word).suffix == ".py" and is_file(word)]
    if not module and not text and left and is_file(left[0]):
        scripts.insert(0, Path(left[0]))
    with tempfile.TemporaryDirectory() as folder:
        if text:
            scripts.append(Path(folder, "text.py"))
            scripts[-1].write_text(text, encoding="utf-8")
        yield from (
            path for path in _modules(scripts, python, flags, asked, module) if Path(folder) not in path.parents
        )


def _modules(
    scripts: Sequence[Path], python: str, flags: Sequence[str], asked: str, module: str = ""
) -> Iterator[Path]:
    """Own files behind scripts, and behind a module, of an interpreter."""
    if not scripts and not module:
        return
    search, standard = _asked_where(python, flags, asked)
    main = module_file(module, search) if module else None
    homes = [home_of(main)] if main else []
    for script in scripts:
        if script.parent == Path(python).parent:  # as installers write it: one import of the package that it belongs to
            found = (module_file(name, search) for _, name in parsed_file(script).imports)
            homes += [home_of(path) for path in found if path and not _is_standard(path, standard)]
    for start in [*scripts, *([main] if main else [])]:
        package = module if start == main and start.name == "__main__.py" else module.rpartition(".")[0]
        folders = search if start == main else [str(start.parent), *search]
        yield from used_files(start, package if start == main else "", _is_own(homes, standard), search=folders)


def _is_own(homes: Sequence[Path], standard: Sequence[str]) -> Callable[[Path], bool]:
    def own(path: Path) -> bool:
        if any(path.is_relative_to(home) for home in homes):
            return True
        return not INSTALLED & set(path.parts) and not _is_standard(path, standard)

    return own


def _is_standard(path: Path, standard: Sequence[str]) -> bool:
    return not INSTALLED & set(path.parts) and any(path.is_relative_to(Path(folder).resolve()) for folder in standard)


def _asked_where(python: str, flags: Sequence[str], asked: str) -> tuple[list[str], list[str]]:
    """Folders in which an interpreter looks for modules, and those of its standard library."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            said = subprocess.run(
                [python, *flags, "-c", _WHERE], capture_output=True, cwd=folder, timeout=_LONGEST_S, check=True,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            path, *standard = json.loads(said.stdout)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            found = f"{Path(python).name} did not say where it looks for modules ({type(error).__name__})"
            raise EditorError(redacted(asked), found, "Name an interpreter that starts.") from error
    return [entry for entry in path if entry], standard
