"""Which code a user's own function is: its file, and the user's own files that it uses."""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path, PurePath
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from editproof.core.imports import home_of, is_installed, text_of_source, used_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PLAIN = (str, bytes, int, float, complex, bool, type(None))
_OURS = Path(str(sys.modules[__name__.partition(".")[0]].__file__)).resolve().parent
"""This package, which may lie below a tool's file where it was installed from a clone."""

_DEEPEST = 8
_LOADED: dict[Path, str] = {}
"""sha256 of the text that a file had when it was executed, for files that :func:`note_loaded` was told of."""


def note_loaded(path: Path, content: bytes) -> None:
    """Remember the text of a file that is about to be executed, so that a later change of it does not go unseen."""
    _LOADED[path.resolve()] = hashlib.sha256(content).hexdigest()


def imports_digest(path: Path) -> str:
    """The sha256 (hex) over a Python file, the user's own files that it imports, and those beside it that they name.

    Nothing of them runs; :func:`source_digest` says what counts as the user's own.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    first = path.resolve()
    digest = hashlib.sha256()
    for name, content in sorted(
        (used.name, hashlib.sha256(text_of_source(used.name, used.read_bytes())).hexdigest())
        for used in used_files(first, "", lambda used: _is_beside(used, first))
    ):
        digest.update(f"{name} {content}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()


def source_digest(tool: Callable[..., object], *, made: object = None) -> str:
    """The sha256 (hex) over what decides what a Python tool, estimand or metric does, as far as source can tell.

    These are its file; every file of the user's own that it imports, wherever in the text that is; the files beside
    those that their text names (weights, settings); the name of its code; and what a factory bound to it: values,
    lists, arrays, other functions, and the content of files whose paths it holds. Installed packages, this one, and
    names of files that are put together while it runs are not seen: a tool that depends on those says its version on a
    card.

    Parameters
    ----------
    tool : callable
    made : object
        What a factory made, where ``tool`` is one; its class and what it holds count as well.

    Raises
    ------
    OSError, TypeError
        Where its source cannot be found, or is not the one that was loaded.
    """
    walk = _Walk()
    words = walk.described(tool, 0)
    if made is not None:
        words = [words, walk.described(made, 0)]
    if not walk.modules:
        raise OSError(f"no source of {tool!r}")
    digest = hashlib.sha256(repr(words).encode(errors="surrogatepass"))
    for name, content in sorted(set(walk.files())):
        digest.update(f"{name} {content}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()


class _Walk:
    """Goes through what a tool is made of, and gathers the files that its code is in."""

    def __init__(self) -> None:
        self.modules: dict[Path, ModuleType | None] = {}
        self._seen: dict[int, object] = {}  # kept, so that no id is used again

    def described(self, value: Any, depth: int) -> object:
        """A value as plain data whose text is the same in every process; of a function, what it is made of."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, _PLAIN):
            return repr(value)
        if isinstance(value, PurePath):
            return ["path", self._text(str(value))]
        if isinstance(value, enum.Enum):
            return [type(value).__qualname__, value.name]
        if depth > _DEEPEST or id(value) in self._seen:
            return type(value).__qualname__
        self._seen[id(value)] = value
        if isinstance(value, list | tuple):
            return [type(value).__name__, *(self.described(inner, depth + 1) for inner in value)]
        if isinstance(value, set | frozenset):
            return ["set", *sorted(repr(self.described(inner, depth + 1)) for inner in value)]
        if isinstance(value, dict):
            return self._items(value, depth)
        if isinstance(value, ModuleType):
            return ["module", value.__name__]
        if isinstance(value, functools.partial):
            parts = (value.func, value.args, value.keywords)
            return ["partial", *(self.described(part, depth + 1) for part in parts)]
        if isinstance(value, MethodType):
            return ["method", value.__name__, *(self.described(part, depth + 1) for part in _method(value))]
        if isinstance(value, FunctionType):
            return self._function(value, depth)
        if isinstance(value, type):
            self._defined_in(value)
            return ["class", value.__qualname__]
        return self._object(value, depth)

    def files(self) -> Iterator[tuple[str, str]]:
        """Name and sha256 of every file that the code gathered so far is in, uses and names.

        Raises
        ------
        OSError
            Where a file is not the one whose code is running.
        """
        found: set[Path] = set()
        for path, module in self.modules.items():
            found |= used_files(path, str(getattr(module, "__package__", None) or ""), self._is_own)
        loaded = {_resolved(file): module for module, file in _loaded_modules()}
        for path in found:
            content = path.read_bytes()
            if path.suffix == ".py":
                _check_loaded(path, content, loaded.get(path))
            yield path.name, hashlib.sha256(text_of_source(path.name, content)).hexdigest()

    def _items(self, values: dict[Any, Any], depth: int) -> list[object]:
        described = [[repr(key), self.described(inner, depth + 1)] for key, inner in values.items()]
        return ["dict", *sorted(described, key=lambda item: str(item[0]))]

    def _text(self, text: str) -> object:
        """A text, and the content of the file whose path it is."""
        if not (os.sep in text or PurePath(text).suffix) or len(text) > 1000 or "\0" in text:
            return repr(text)
        try:
            path = Path(text)
            if path.is_file() and not path.is_relative_to("/proc") and not path.is_relative_to("/dev"):
                return [path.name, hashlib.sha256(path.read_bytes()).hexdigest()]
        except OSError:
            pass
        return repr(text)

    def _function(self, function: FunctionType, depth: int) -> list[object]:
        self._defined_in(function, Path(function.__code__.co_filename))
        code = function.__code__
        cells = [_content(cell) for cell in function.__closure__ or ()]
        held = {**dict(zip(code.co_freevars, cells, strict=True)), **(function.__kwdefaults__ or {})}
        wrapped = getattr(function, "__wrapped__", None)
        told = [held, function.__defaults__, self._globals(function), wrapped]
        return ["function", code.co_qualname, _place(code), *(self.described(value, depth + 1) for value in told)]

    def _globals(self, function: FunctionType) -> dict[str, Any]:
        """The plain values of the module that a function uses; what a factory set there decides what it does.

        A module that is not the user's own, or that is imported elsewhere than the function was made, adds nothing.
        """
        if Path(function.__code__.co_filename).resolve().is_relative_to(_OURS):
            return {}
        names = {name for code in _codes(function.__code__) for name in code.co_names}
        found = {name: function.__globals__[name] for name in names if name in function.__globals__}
        for value in found.values():
            if isinstance(value, FunctionType | type):
                self._defined_in(value)
        return {name: value for name, value in found.items() if isinstance(value, _PLAIN) and not name.startswith("__")}

    def _object(self, value: Any, depth: int) -> list[object]:
        kind = type(value)
        named: list[object] = [kind.__module__, kind.__qualname__]
        if (numbers := _numbers(value)) is not None:
            return [*named, numbers]
        call = inspect.getattr_static(kind, "__call__", None)
        code = getattr(inspect.unwrap(call), "__code__", None) if callable(call) else None
        if not self._defined_in(kind, Path(code.co_filename) if code else None):
            return named
        named = [kind.__qualname__]  # a file's module may be called by its path
        slots = [name for base in kind.__mro__ for name in _slots(base)]
        attributes = {name: getattr(value, name) for name in slots if hasattr(value, name)}
        attributes |= dict(getattr(value, "__dict__", {}))
        return [*named, self.described(attributes, depth + 1), self.described(call, depth + 1)]

    def _defined_in(self, value: Any, file: Path | None = None) -> bool:
        """Whether a class or function is in a file that counts; the file is then gathered, those of its bases too."""
        module = sys.modules.get(str(getattr(value, "__module__", "")))
        stated = getattr(module, "__file__", None)
        path = file if file is not None and file.is_file() else Path(stated) if stated else None
        if path is None or not path.is_file():
            return False
        path = path.resolve()
        if self.modules and not self._is_own(path):
            return False
        same = stated is not None and Path(stated).resolve() == path
        self.modules.setdefault(path, module if same else None)
        for base in value.__mro__[1:-1] if isinstance(value, type) else ():
            self._defined_in(base)
        return True

    def _is_own(self, path: Path) -> bool:
        return _is_beside(path, next(iter(self.modules)))


def _is_beside(path: Path, first: Path) -> bool:
    """Whether a file is its user's own, as the first is, and not one of this package or an installed one of another."""
    near = path == first or not is_installed(path) or path.is_relative_to(home_of(first))
    return near and (path == first or not path.is_relative_to(_OURS))


def _place(code: CodeType) -> tuple[int, int]:
    """Line and column of a function, which tell two of one name in one file apart."""
    columns = [column for line, _, column, _ in code.co_positions() if line == code.co_firstlineno and column]
    return code.co_firstlineno, min(columns, default=0)


def _method(method: MethodType) -> tuple[Any, Any]:
    return method.__func__, method.__self__


def _slots(kind: type) -> Iterable[str]:
    slots = kind.__dict__.get("__slots__", ())
    return [slots] if isinstance(slots, str) else [name for name in slots if name not in ("__dict__", "__weakref__")]


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _numbers(value: Any) -> object:
    """Digest of an array, or of all that a network of torch holds; None for what holds no numbers."""
    states = getattr(value, "state_dict", None)
    try:
        held = states() if callable(states) else {"": value} if hasattr(value, "__array__") else None
        if held is None:
            return None
        import numpy as np

        arrays = {name: np.asarray(_detached(inner)) for name, inner in held.items()}
        return [[name, str(array.dtype), array.shape, _bytes_of(array)] for name, array in sorted(arrays.items())]
    except Exception:  # anybody's class may answer to these names, and raise what it likes
        return None


def _detached(value: Any) -> Any:
    return value.detach().cpu() if hasattr(value, "detach") else value


def _bytes_of(array: Any) -> str:
    return repr(array.tolist()) if array.dtype.hasobject else hashlib.sha256(array.tobytes()).hexdigest()


def _loaded_modules() -> Iterator[tuple[ModuleType, str]]:
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(module, ModuleType) and isinstance(file, str):
            yield module, file


def _resolved(file: str) -> Path:
    """The real path of a file; the folder it is in, which has many, is looked up once."""
    folder, name = os.path.split(file)
    if not os.path.isabs(folder) or os.path.islink(file):
        return Path(file).resolve()
    return Path(_real_folder(folder), name)


@functools.cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def _check_loaded(path: Path, content: bytes, module: ModuleType | None) -> None:
    """Refuse a file whose text is not what is running: it was changed after it was imported, perhaps by itself."""
    known = _LOADED.get(path)
    changed = known is not None and known != hashlib.sha256(content).hexdigest()
    if not changed and module is not None and type(module.__loader__) is SourceFileLoader:
        try:
            written = set(_codes(compile(content, str(path), "exec", dont_inherit=True)))
        except (SyntaxError, ValueError):
            changed = True
        else:
            changed = any(code not in written for code in _running(module, path))
    if changed:
        raise OSError(f"{path.name} was changed after it was loaded, so that its text is not what runs")


def _running(module: ModuleType, path: Path) -> Iterator[CodeType]:
    """The code of a module's functions and of the methods of its classes, as far as it was written in its file."""
    for value in list(vars(module).values()):
        inside = vars(value).values() if isinstance(value, type) and value.__module__ == module.__name__ else [value]
        for one in inside:
            function = inspect.unwrap(one) if isinstance(one, FunctionType) else getattr(one, "__func__", None)
            if isinstance(function, FunctionType) and Path(function.__code__.co_filename).resolve() == path:
                yield function.__code__


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all that it holds."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
