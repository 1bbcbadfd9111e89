"""What a user's own file defines: tools and instruments by ``PATH.py:NAME``, estimands and metrics by ``PATH.py``."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from editproof.core.nearest import did_you_mean
from editproof.core.sources import note_loaded
from editproof.errors import EditproofError


def callable_from_file(path: Path, name: str, asked: str, error: type[EditproofError]) -> Callable[..., Any]:
    """The callable ``name`` of a Python file.

    Raises
    ------
    error
        Where there is no such file, it does not import, or it has no such callable.
    """
    module = module_from_file(path, asked, error)
    found = getattr(module, name, None)
    if not callable(found):
        names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise error(
            asked,
            f"the file has no callable {name!r}",
            f"{did_you_mean(name, names)}It has: {', '.join(names) or 'none'}.",
        )
    made: Callable[..., Any] = found
    return made


def module_from_file(path: Path, asked: str, error: type[EditproofError]) -> ModuleType:
    """The module of a Python file, whose code runs.

    Raises
    ------
    error
        Where there is no such file, or it does not import.
    """
    if not path.is_file():
        raise error(asked, f"there is no file {path}", "Give the path of a Python file.")
    try:
        note_loaded(path, path.read_bytes())
        return _module_at(path)
    except (Exception, SystemExit) as cause:
        raise error(asked, f"the file does not import ({type(cause).__name__}: {cause})") from cause


def _module_at(path: Path) -> ModuleType:
    name = _name_of(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py path always has a loader
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    is_new = sys.modules.setdefault(name, module) is module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if is_new:
            del sys.modules[name]
        raise
    return module


def _name_of(path: Path) -> str:
    """The name of a file as a module: its stem, with a digest of its path where that is the name of another module.

    By that name pickles, annotations and the digest of its source find the module again.
    """
    here, name = path.resolve(), path.stem.replace(".", "_")
    taken_by = _file_of(name)
    if taken_by == here or (taken_by is None and name not in sys.modules):
        return name
    return f"{name}_{hashlib.sha256(str(here).encode()).hexdigest()[:12]}"


def _file_of(name: str) -> Path | None:
    """The file of a module that is imported under a name, or would be; None where there is no such module."""
    try:
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
    except ValueError:  # a module that was made by hand
        spec = getattr(sys.modules[name], "__spec__", None)
    if spec is not None:
        return Path(spec.origin or "").resolve()
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file else None
