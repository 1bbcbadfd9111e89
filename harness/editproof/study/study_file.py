"""The study file: what is asked of every tool, of which cohort, read by which instruments, judged by which suite.

A study file is ``study.toml``, or the table ``[tool.editproof]`` of a ``pyproject.toml``. A relative path in it is
looked for beside the file, and then in the folder of the call.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated

from editproof.core import records
from editproof.core.declared import Count, Line, Names, Wanted, Whole, closed
from editproof.core.specification import SpecificationError, given_name, specification
from editproof.criteria.declared import DeclaredQuantity
from editproof.editors.wrappers import WRAPPERS
from editproof.errors import EditproofError, ProtocolError
from editproof.types import JSON

NAME = "study.toml"
SCHEMA = "editproof-study/1"
TABLE = "[tool.editproof]"
_ADVICE = "See docs/studies.md."
_Text = Annotated[str, Wanted("words, in quotes", lambda text: bool(text.strip()))]
_Schema = Annotated[str, Wanted(f'"{SCHEMA}"', SCHEMA.__eq__)]


@closed
@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """A study, as it is written down before its first edit.

    Attributes
    ----------
    name, task : str
        Of the study, and what the tools are to do: ``"artifact removal"``, ``"enhancement"``.
    prompt : str
        What tools that take words are told; a case of the cohort may have words of its own.
    parameters : mapping
        Further values that go to every tool with each request.
    cohort : str
        As for ``--dataset``.
    instruments : tuple of str
        As for ``--instrument``; no two read one quantity.
    editors : tuple of str
        As for ``--editor``.
    suite : str
        What pytest is to run; by default the folder of the file.
    repeats, seed : int, optional
        Edits requested per case, and root of every edit's seed.
    output : str
        Geometry of the answers, e.g. ``"same"`` or ``"x2"``; empty for that of the images.
    register : str
        TOML file of requirements and hazards.
    quantities : mapping of str to DeclaredQuantity
        Caps and ranges of what is read.

    Examples
    --------
    >>> study = study_from({"task": "denoising", "prompt": "Remove the noise.", "repeats": 1})
    >>> study.task, study.repeats
    ('denoising', 1)
    >>> study_from({"promt": "Remove the noise."})
    Traceback (most recent call last):
    editproof.errors.ProtocolError: the study file: an unknown field 'promt'. Did you mean 'prompt'? See docs/stu...
    """

    schema: _Schema = SCHEMA
    name: Line | None = None
    task: Line | None = None
    prompt: _Text | None = None
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    cohort: Line | None = None
    instruments: Names = ()
    editors: Names = ()
    suite: Line | None = None
    repeats: Count | None = None
    seed: Whole | None = None
    output: Line | None = None
    register: Line | None = None
    quantities: Mapping[str, DeclaredQuantity] = field(default_factory=dict)

    @property
    def protocol(self) -> dict[str, JSON]:
        """What a protocol says of the study beside its plan: name, task, and caps and ranges of quantities."""
        told = {"name": self.name, "task": self.task, "quantities": records.json_of_record(dict(self.quantities))}
        return {name: value for name, value in told.items() if value}

    def place_of(self, key: str, written: str) -> str:
        """The key and the file that something was written under; empty where it was not written in a file."""
        return ""


@dataclass(frozen=True, kw_only=True)
class StudyInFile(StudyFile):
    """A study that was read from a file, with the paths in it as they are to be opened from here."""

    file: str = field(compare=False)

    def place_of(self, key: str, written: str) -> str:
        value = getattr(self, key)
        return f"{key} of {self.file}" if written == value or written in (value or ()) else ""


@contextmanager
def told_by(study: StudyFile, key: str, written: str) -> Iterator[None]:
    """Let an error in the block name the study file and its key where what is wrong was written there."""
    try:
        yield
    except EditproofError as error:
        if place := study.place_of(key, written):
            raise type(error)(f"{place}, {error.asked}", error.found, error.advice) from error
        raise


def study_from(told: Mapping[str, JSON], asked: str = "the study file") -> StudyFile:
    """The study that a mapping is.

    Raises
    ------
    ProtocolError
        Where it holds an unknown field or a value of another kind.
    """
    return records.from_plain(StudyFile, dict(told), asked, _ADVICE, ProtocolError)


def read_study(path: Path) -> StudyInFile:
    """The study that a file describes, with the paths in it as they are to be opened from here.

    Parameters
    ----------
    path : Path
        ``study.toml`` under any name, or a ``pyproject.toml`` with the table ``[tool.editproof]``.

    Raises
    ------
    ProtocolError
        Where it cannot be read, is no study, or names a suite that is not there.
    """
    asked = f"study {path}"
    told = records.toml_of(path, asked, _ADVICE, ProtocolError)
    if path.name == "pyproject.toml":
        table = told.get("tool", {}).get("editproof")
        if not isinstance(table, dict):
            raise ProtocolError(asked, f"it has no table {TABLE}", f"Write one, or name another file. {_ADVICE}")
        told = table
    elif "schema" not in told:
        raise ProtocolError(asked, "it does not say that it is a study", f'Write schema = "{SCHEMA}" at its top.')
    study = _from_here(study_from(told, asked), path)
    if study.suite and not Path(study.suite.partition("::")[0]).exists():
        found = f"there is no file or folder {study.suite}"
        raise ProtocolError(study.place_of("suite", study.suite), found, "Write its path from the folder of the file.")
    return study


def is_study_file(path: Path) -> bool:
    """Whether a file says of itself that it is a study of ours; another program's ``study.toml`` does not."""
    try:
        head = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return any(line.split("#")[0].replace(" ", "").startswith('schema="editproof-study/') for line in head.splitlines())


def study_file_in(folder: Path) -> Path | None:
    """The study file of a folder, if it has one."""
    path = folder / NAME
    return path if path.is_file() and is_study_file(path) else None


def found_study(paths: Collection[Path], root: Path) -> Path | None:
    """The study file of what pytest is to run: the one in the nearest folder at or above each path, up to the root.

    Parameters
    ----------
    paths : collection of Path
        What pytest was given.
    root : Path
        As pytest has it. The search ends at the root of the repository (a folder with ``.git``), or else there; a
        ``pyproject.toml`` in either is a study file too where it has ``[tool.editproof]``.

    Raises
    ------
    ProtocolError
        Where two paths belong to two studies: one run judges one study.
    """
    found = list(dict.fromkeys(filter(None, (_nearest(path.resolve(), root) for path in paths))))
    if len(found) > 1:
        listed = " and ".join(_shown(path) for path in found)
        raise ProtocolError("the study of this run", listed, "Run one at a time, or name one with --study FILE.")
    if found:
        return found[0]
    tops = [root, *(_top(path.resolve(), root) for path in paths)]
    return next((project for top in tops if _has_table(project := top / "pyproject.toml")), None)


def study_here(folder: Path) -> Path:
    """The study file of the folder in which one works; see :func:`found_study`.

    Raises
    ------
    ProtocolError
        Where there is none.
    """
    if found := found_study([folder], folder.resolve()):
        return found
    found_words = f"no {NAME} in {folder.resolve().name} or above it{left_alone([folder], folder.resolve())}"
    raise ProtocolError("a study", found_words, f"Name its file with --study FILE, or a suite with --suite. {_ADVICE}")


def left_alone(paths: Collection[Path], root: Path) -> str:
    """Which ``study.toml`` was left alone since it does not say that it is ours, in words; empty where none was."""
    for path in (path.resolve() for path in paths):
        for folder in (path, *path.parents):
            if (folder / NAME).is_file() and not is_study_file(folder / NAME):
                return f' ({_shown(folder / NAME)} was left alone: it lacks the line schema = "{SCHEMA}")'
            if folder == _top(path, root):
                break
    return ""


def other_study(folder: Path, ours: Path | None, asked: Sequence[Path]) -> bool:
    """Whether a folder holds the suite of another study, which pytest was not asked for.

    Parameters
    ----------
    folder : Path
    ours : Path or None
        The study file of this run.
    asked : sequence of Path
        What pytest was given; a folder that is named, or lies below one that holds ``ours``, is asked for.
    """
    theirs = study_file_in(folder)
    if theirs is None or (ours is not None and theirs.resolve() == ours.resolve()):
        return False
    return folder.resolve() not in {path.resolve() for path in asked}


def _nearest(path: Path, root: Path) -> Path | None:
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.parents):
        if found := study_file_in(folder):
            return found
        if folder == _top(path, root):
            break
    return None


def _top(path: Path, root: Path) -> Path:
    """The root of the repository that a path lies in, or what pytest takes for the root."""
    return next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), root)


def _has_table(project: Path) -> bool:
    try:
        return "editproof" in tomllib.loads(project.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return False


def _from_here(study: StudyFile, file: Path) -> StudyInFile:
    """The study with each relative path that leads to something beside its file led there from the current folder."""

    def path(written: str) -> str:
        beside = file.parent / written
        is_beside = bool(written) and not Path(written).is_absolute() and beside.exists()
        return _shown(beside) if is_beside else written

    told = {field.name: getattr(study, field.name) for field in fields(study)}
    moved = {
        "cohort": study.cohort and _rebased(study.cohort, path),
        "instruments": tuple(_rebased(path(name), path) for name in study.instruments),
        "editors": tuple(_rebased(name, path) for name in study.editors),
        "suite": study.suite and path(study.suite),
        "register": study.register and path(study.register),
    }
    return StudyInFile(file=str(file), **{**told, **moved})


def _rebased(written: str, path: Callable[[str], str]) -> str:
    """A specification with the path in it, its Python file or its argument, as ``path`` has it."""
    name, itself = given_name(written)
    if name:
        return f"{name}={_rebased(itself, path)}"
    try:
        told = specification(written, wrappers=WRAPPERS)
    except SpecificationError:  # said again, and better, by whoever makes the tool or the cohort of it
        return written
    moved = replace(told, name=path(told.name)) if told.file else replace(told, argument=path(told.argument))
    return written if moved == told else str(moved)


def _shown(path: Path) -> str:
    """A path from the current folder where it is not much longer than the whole of it."""
    try:
        return min(os.path.relpath(path), str(path.resolve()), key=len)
    except ValueError:  # on another drive
        return str(path.resolve())
