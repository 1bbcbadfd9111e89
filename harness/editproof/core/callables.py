"""A callable named by ``PATH.py:NAME``, for tools and instruments that live in a user's own file."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from editproof.errors import EditproofError


def callable_from_file(path: Path, name: str, asked: str, error: type[EditproofError]) -> Callable[..., Any]:
    """The callable ``name`` of a Python file.

    Raises
    ------
    error
        Where there is no such file, it does not import, or it has no such callable.
    """
    if not path.is_file():
        raise error(asked, f"there is no file {path}", "Give the path of a Python file.")
    try:
        module = module_at(path)
    except (Exception, SystemExit) as cause:
        raise error(asked, f"the file does not import ({type(cause).__name__}: {cause})") from cause
    found = getattr(module, name, None)
    if not callable(found):
        names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise error(asked, f"the file has no callable {name!r}", f"It has: {', '.join(names) or 'none'}.")
    made: Callable[..., Any] = found
    return made


def module_at(path: Path, name: str = "") -> ModuleType:
    """The module that a Python file makes, under a name of its own or else the file's; whatever it raises is raised."""
    name = name or path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py path always has a loader
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module
