"""Which files a Python file uses: the modules that it imports anywhere in it, and the files beside it that it names."""

from __future__ import annotations

import ast
import fnmatch
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath

_CODE = {".py", ".pyc"}
_LONGEST_NAME = 200
_IMPORTERS = {"import_module", "__import__"}
_STANDARD = tuple({Path(sysconfig.get_paths()[name]).resolve() for name in ("stdlib", "platstdlib")})
INSTALLED = {"site-packages", "dist-packages"}
"""Names of the folders that installed packages are in."""


@dataclass(frozen=True)
class Parsed:
    """What the text of a file says of other files.

    Attributes
    ----------
    imports : tuple of (int, str)
        Level and dotted name of every import, also of those inside functions: ``(0, "pkg.mod")``, ``(1, "mod")``.
        ``from a import b`` gives both ``a`` and ``a.b``, since ``b`` may be a module.
    words : frozenset of str
        Every string in it that could be a part of a path.
    """

    imports: tuple[tuple[int, str], ...]
    words: frozenset[str]


def used_files(
    start: Path, package: str, is_own: Callable[[Path], bool], *, search: Sequence[str] | None = None
) -> set[Path]:
    """Every own file that a Python file uses, itself among them.

    Parameters
    ----------
    start : Path
    package : str
        Dotted name of the package that it belongs to; empty for a file by itself.
    is_own : callable
        Whether a file is the user's own, and not the standard library's or an installed package's.
    search : sequence of str, optional
        Folders in which another interpreter looks for modules; by default this one's, where what is already imported
        counts as it was imported.
    """
    found: set[Path] = set()
    waiting = [(start, package)]
    while waiting:
        path, inside = waiting.pop()
        if path in found:
            continue
        found.add(path)
        if path.suffix not in _CODE and path != start:
            continue
        parsed = parsed_file(path)
        found.update(named for named in files_named(path, parsed.words) if named not in found)
        for level, name in parsed.imports:
            for module, file in _modules(level, name, inside, path.parent, search):
                if file not in found and is_own(file):
                    waiting.append((file, module if file.name == "__init__.py" else module.rpartition(".")[0]))
    return found


def text_of_source(name: str, content: bytes) -> bytes:
    r"""The content of a file as its digest takes it: of Python, line ends are those of Unix wherever it was written.

    Examples
    --------
    >>> text_of_source("tool.py", b"a\r\nb\r\n"), text_of_source("image.png", b"a\r\n")
    (b'a\nb\n', b'a\r\n')
    """
    return content.replace(b"\r\n", b"\n") if name.endswith(".py") else content


def parsed_file(path: Path) -> Parsed:
    """What a file says of others; nothing where it is not Python."""
    try:
        return _parsed(path.read_bytes())
    except OSError:
        return Parsed((), frozenset())


@lru_cache(maxsize=1024)
def _parsed(content: bytes) -> Parsed:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return Parsed((), frozenset())
    imports: dict[tuple[int, str], None] = {}
    words = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= dict.fromkeys((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(".".join(filter(None, [node.module, alias.name])) for alias in node.names)]
            imports |= dict.fromkeys((node.level, name) for name in names)
        elif isinstance(node, ast.Call) and node.args and _called(node.func) in _IMPORTERS:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                level = len(first.value) - len(first.value.lstrip("."))
                imports[level, first.value.lstrip(".")] = None
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _may_be_a_path(node.value):
            words.update(part for part in PurePosixPath(node.value.replace("\\", "/")).parts if part not in ("/", ".."))
    return Parsed(tuple(imports), frozenset(words))


def _called(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _may_be_a_path(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()


def files_named(path: Path, words: frozenset[str]) -> Iterator[Path]:
    """The files beside and below a file that it names, by their names, by a pattern, or by its own with a suffix.

    Only folders that it names are gone into, so that what a study leaves beside it does not count.
    """
    patterns = [word for word in words if "*" in word and PurePosixPath(word).suffix.strip(".*?")]
    waiting = [path.parent]
    while waiting:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            beside = Path(entry.path)
            own = beside.stem == path.stem and beside.suffix in words
            if entry.name in words or own or any(fnmatch.fnmatch(entry.name, pattern) for pattern in patterns):
                if entry.is_dir() and entry.name not in (".", "__pycache__"):
                    waiting.append(beside)
                elif entry.is_file() and beside.suffix != ".pyc":
                    yield beside.resolve()


def _modules(
    level: int, name: str, package: str, folder: Path, search: Sequence[str] | None
) -> Iterator[tuple[str, Path]]:
    """The module of an import, and the packages above it: dotted name and file of each."""
    if level:
        parents = package.split(".") if package else []
        kept = parents[: len(parents) - level + 1]
        name = ".".join(filter(None, [*kept, name])) if package else name
    where: Sequence[str] | None = search if not level or package else [str(folder)]
    parts = name.split(".") if name else []
    for length in range(1, len(parts) + 1):
        full = ".".join(parts[:length])
        loaded = sys.modules.get(full) if search is None else None
        if loaded is not None:
            file, where = getattr(loaded, "__file__", None), list(getattr(loaded, "__path__", []))
        else:
            spec = _spec(full, where)
            if spec is None:
                return
            file, where = spec
        if file and (path := Path(file)).is_file():
            yield full, path.resolve()
        if not where:
            return


def _spec(name: str, where: Sequence[str] | None) -> tuple[str | None, list[str]] | None:
    """File and folders of a module, found without importing anything."""
    try:
        spec = PathFinder.find_spec(name, where)
    except (ImportError, ValueError, AttributeError, KeyError):
        return None
    return None if spec is None else (spec.origin, list(spec.submodule_search_locations or []))


def module_file(name: str, search: Sequence[str]) -> Path | None:
    """The file that ``python -m NAME`` runs, in the folders where that interpreter looks; None where there is none."""
    where: Sequence[str] | None = search
    file: str | None = None
    for length, _ in enumerate(parts := name.split("."), 1):
        found = _spec(".".join(parts[:length]), where)
        if found is None:
            return None
        file, where = found
    if where:
        return next((path for path in (Path(folder, "__main__.py") for folder in where) if path.is_file()), None)
    return Path(file).resolve() if file and Path(file).is_file() else None


def is_installed(path: Path) -> bool:
    """Whether a file belongs to the standard library or to an installed package."""
    return bool(INSTALLED & set(path.parts)) or any(path.is_relative_to(folder) for folder in _STANDARD)


def home_of(path: Path) -> Path:
    """The folder of the top package of an installed file; of any other file that file itself."""
    for index, part in enumerate(path.parts):
        if part in INSTALLED and index + 1 < len(path.parts):
            return Path(*path.parts[: index + 2])
    return path
