"""From ``--editor SPEC`` to a tool: built-ins and plug-ins by entry point, Python files by path."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from harness.editors.adapter import checked
from harness.errors import EditorError
from harness.types import Editor

if TYPE_CHECKING:
    from types import ModuleType

GROUP = "harness.editors"

EditorFactory = Callable[[str], Editor]


def editor_from_spec(spec: str, extra: Mapping[str, EditorFactory] | None = None) -> Editor:
    """The tool that a specification names, its outcomes checked.

    Parameters
    ----------
    spec : str
        ``NAME``, ``NAME:ARGUMENT`` (e.g. ``folder:EDITS``) or ``PATH.py:FACTORY``, where the factory takes no
        argument and returns an :class:`~harness.types.Editor` or a plain function from request to pixels.
    extra : mapping of str to callable, optional
        Further factories by name, from the repository's own ``conftest.py``.

    Raises
    ------
    EditorError
        Where the name is unknown, claimed twice, or its factory fails.
    """
    name, _, argument = spec.partition(":")
    if name.endswith(".py"):
        return checked(_from_file(Path(name), argument or "editor"))
    factories = editor_factories(extra)
    if name not in factories:
        raise EditorError(
            f"--editor {spec}",
            "no such tool is installed",
            f"Installed: {', '.join(sorted(factories))}, PATH.py:FACTORY.",
        )
    try:
        return checked(factories[name](argument))
    except EditorError:
        raise
    except Exception as error:
        raise EditorError(f"--editor {spec}", f"its factory raised {type(error).__name__}: {error}") from error


def editor_factories(extra: Mapping[str, EditorFactory] | None = None) -> dict[str, EditorFactory]:
    """Every named factory: entry points of the group ``harness.editors`` and ``extra``, no name claimed twice."""
    factories: dict[str, EditorFactory] = {}
    claimed: dict[str, str] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        if point.name in claimed and claimed[point.name] != point.value:
            raise EditorError(
                f"editor {point.name!r}",
                f"claimed by {claimed[point.name]} and {point.value}",
                "Uninstall one of them.",
            )
        claimed[point.name] = point.value
        factories[point.name] = _Lazy(point)
    for name, factory in (extra or {}).items():
        if name in claimed:
            raise EditorError(
                f"editor {name!r}", f"claimed by {claimed[name]} and by conftest.py", "Rename one of them."
            )
        factories[name] = factory
    return factories


class _Lazy:
    """A factory that loads its entry point when it is first called."""

    def __init__(self, point: EntryPoint) -> None:
        self._point = point

    def __call__(self, argument: str) -> Editor:
        try:
            factory = self._point.load()
        except Exception as error:
            raise EditorError(
                f"editor {self._point.name!r}",
                f"its entry point {self._point.value} does not load ({type(error).__name__}: {error})",
                "Repair or uninstall the package that declares it.",
            ) from error
        editor: Editor = factory(argument)
        return editor


def _from_file(path: Path, factory: str) -> Editor:
    asked = f"--editor {path}:{factory}"
    if not path.is_file():
        raise EditorError(asked, f"there is no file {path}", "Give the path of a Python file.")
    try:
        module = _module_at(path)
    except Exception as error:
        raise EditorError(asked, f"the file does not import ({type(error).__name__}: {error})") from error
    if not callable(getattr(module, factory, None)):
        names = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise EditorError(asked, f"the file has no callable {factory!r}", f"It has: {', '.join(names) or 'none'}.")
    try:
        editor: Editor = getattr(module, factory)()
    except Exception as error:
        raise EditorError(asked, f"the factory raised {type(error).__name__}: {error}") from error
    return editor


def _module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py path always has a loader
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module
