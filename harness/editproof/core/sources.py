"""Which code a user's own function is: its file, and the user's own files that it uses."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PLAIN = (str, bytes, int, float, bool, type(None))
_OURS = Path(str(sys.modules[__name__.partition(".")[0]].__file__)).resolve().parent
"""This package, which may lie below a tool's file where it was installed from a clone."""
_INSTALLED = {"site-packages", "dist-packages"}


def source_digest(tool: Callable[..., object]) -> str:
    """The sha256 (hex) over what decides what a Python tool, estimand or metric does, as far as source can tell.

    These are its file, the files beside and below it that it imports at their head, the name of its code, and plain
    values that a factory bound to it. What is imported later, installed packages, this one and files of weights are not
    seen: a tool that depends on those says its version on a card.

    Raises
    ------
    OSError, TypeError
        Where its source cannot be found.
    """
    plain: Any = inspect.unwrap(tool)
    while isinstance(plain, functools.partial):
        plain = plain.func
    code: Any = plain if inspect.isroutine(plain) else type(plain).__call__
    code = getattr(code, "__func__", code)
    start = inspect.getsourcefile(code)
    if start is None:
        raise OSError(f"no source of {code!r}")
    first = Path(start).resolve()
    digest = hashlib.sha256(f"{code.__qualname__} {_bound(tool)}".encode())
    files = {first, *_used(getattr(code, "__globals__", {}), first.parent, {first})}
    for file in sorted(files):
        digest.update(file.relative_to(first.parent).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def _used(names: Mapping[str, Any], folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Files in a folder of the modules that some names lead to, and of those that are imported for a plain value."""
    for value in [*names.values(), *_imported(names)]:
        module = value if isinstance(value, ModuleType) else sys.modules.get(str(getattr(value, "__module__", "")))
        file = getattr(module, "__file__", None)
        path = Path(file).resolve() if file else None
        if path is None or path in seen or not _is_own(path, folder):
            continue
        seen.add(path)
        yield path
        yield from _used(vars(module), folder, seen)


def _imported(names: Mapping[str, Any]) -> Iterator[ModuleType]:
    """The modules that the file of a module's names imports at its head."""
    file = names.get("__file__")
    if not file:
        return
    try:
        body = ast.parse(Path(file).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return
    for node in body:
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = str(names.get("__package__") or "").split(".")
            parents = package[: len(package) - node.level + 1] if node.level else []
            found = [".".join([*parents, *filter(None, [node.module])])]
        yield from (sys.modules[name] for name in found if name in sys.modules)


def _is_own(path: Path, folder: Path) -> bool:
    """Whether a file in or below a tool's folder is the user's own."""
    return path.is_relative_to(folder) and not path.is_relative_to(_OURS) and not _INSTALLED & set(path.parts)


def _bound(tool: Any) -> list[str]:
    """The plain values that a closure, a partial or an object carries."""
    cells = [cell.cell_contents for cell in getattr(tool, "__closure__", None) or ()]
    held = [*getattr(tool, "args", ()), *getattr(tool, "keywords", {}).values(), *_attributes(tool).values()]
    return [repr(value) for value in (*cells, *held) if isinstance(value, _PLAIN)]


def _attributes(tool: Any) -> Mapping[str, Any]:
    return {} if inspect.isroutine(tool) else dict(sorted(getattr(tool, "__dict__", {}).items()))
