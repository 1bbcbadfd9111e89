"""What a user's own file defines: tools and instruments by ``PATH.py:NAME``, estimands and metrics by ``PATH.py``."""

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
    module = module_from_file(path, asked, error)
    found = getattr(module, name, None)
    if not callable(found):
        names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise error(asked, f"the file has no callable {name!r}", f"It has: {', '.join(names) or 'none'}.")
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
        return _module_at(path)
    except (Exception, SystemExit) as cause:
        raise error(asked, f"the file does not import ({type(cause).__name__}: {cause})") from cause


def _module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py path always has a loader
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module
