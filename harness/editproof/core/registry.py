"""Named values of one kind: built in, installed by entry point, or handed in for a session; no name claimed twice."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from editproof.core.nearest import did_you_mean
from editproof.core.sources import source_digest
from editproof.errors import ProtocolError

T = TypeVar("T")


def defined_in(package: str, home_of: Callable[[Any], str | None], first: Sequence[str] = ()) -> Iterator[Any]:
    """Values of one kind that the modules of a package define, as they are defined.

    Parameters
    ----------
    package : str
        Its modules are imported, those of its packages are not.
    home_of : callable
        The name of the module that defines a value; None for a value of another kind.
    first : sequence of str
        Modules that come before all others, which are in alphabetical order.
    """
    names = {found.name for found in pkgutil.iter_modules(import_module(package).__path__) if not found.ispkg}
    for name in (*first, *sorted(names - set(first))):
        module = import_module(f"{package}.{name}")
        yield from (value for value in list(vars(module).values()) if home_of(value) == module.__name__)


class Registry(Generic[T]):
    """What of one kind goes by which name.

    Parameters
    ----------
    kind : str
        What it holds, in one word for a reader, e.g. ``"estimand"``.
    group : str
        Entry points of installed packages; each is loaded when its name is first asked for.
    hook : str
        Hook of the root ``conftest.py`` by which a study adds its own; empty where a study has no say.
    built_in : callable
        Returns the values of this package; called when a name is first asked for.
    name_of : callable
        The name by which any value goes; raises :class:`TypeError` for what is of another kind.
    code_of : callable
        The function whose source decides what a value does.
    advice : str
        How a user makes an own value known where there is no hook; by default, by an entry point.
    """

    def __init__(
        self,
        kind: str,
        *,
        group: str,
        hook: str,
        built_in: Callable[[], Iterable[T]],
        name_of: Callable[[Any], str],
        code_of: Callable[[T], Callable[..., object]],
        advice: str = "",
    ) -> None:
        self.kind, self.group, self.hook = kind, group, hook
        self._make_built_in, self._name_of, self._code_of = built_in, name_of, code_of
        self._advice = advice
        self._added: dict[str, tuple[T, str]] = {}

    @cached_property
    def built_in(self) -> Mapping[str, T]:
        """The values of this package by name."""
        return {self._name_of(value): value for value in self._make_built_in()}

    @cached_property
    def _installed(self) -> Mapping[str, EntryPoint]:
        """Entry points by name; one that another package or this one claims too is an error."""
        found: dict[str, EntryPoint] = {}
        for point in sorted(entry_points(group=self.group), key=lambda point: (point.name, point.value)):
            if point.name in self.built_in:
                raise self._claimed_twice(point.name, "this package", f"entry point {point.value}")
            if point.name in found and found[point.name].value != point.value:
                raise self._claimed_twice(point.name, found[point.name].value, point.value)
            found[point.name] = point
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that is known, sorted."""
        return tuple(sorted({*self.built_in, *self._installed, *self._added}))

    def __contains__(self, name: str) -> bool:
        return name in self.built_in or name in self._added or name in self._installed

    def __getitem__(self, name: str) -> T:
        """The value of a name.

        Raises
        ------
        ProtocolError
            Where nothing goes by it, naming what does and is spelled alike; where its entry point does not load.
        """
        if name in self.built_in:
            return self.built_in[name]
        if name in self._added:
            return self._added[name][0]
        if name in self._installed:
            return self._loaded(self._installed[name])
        raise ProtocolError(
            f"{self.kind} {name!r}",
            f"no {self.kind} of that name is known here",
            f"{did_you_mean(name, self.names, n=3)}{self.advice}",
        )

    @property
    def advice(self) -> str:
        """How a user makes an own value known."""
        if not self.hook:
            return self._advice or f"Bring your own by an entry point of the group {self.group}."
        return (
            f"Return your own from {self.hook} in the root conftest.py, or from an entry point of the group "
            f"{self.group}; for evidence, give its file: --trust FILE.py."
        )

    def digest(self, name: str) -> str | None:
        """The sha256 (hex) over the source of a value that is not built in; None for one that is.

        Raises
        ------
        ProtocolError
            Where the source cannot be found, so that nobody could tell whether it changed.
        """
        if name in self.built_in:
            return None
        return self._digest_of(self[name])

    @contextmanager
    def also(self, values: Iterable[object], by: str) -> Iterator[None]:
        """Know further values for a while.

        Parameters
        ----------
        by : str
            Who adds them, for an error that a user can act on.

        Raises
        ------
        ProtocolError
            Where one is of another kind, or its name is taken by another one.
        """
        before = dict(self._added)
        try:
            for value in values:
                self._add(value, by)
            yield
        finally:
            self._added = before

    def _add(self, value: Any, by: str) -> None:
        name = self._named(value, by)
        if name in self.built_in:
            raise self._claimed_twice(name, "this package", by)
        digest = self._digest_of(value)
        if name in self._installed and self._digest_of(self[name]) != digest:
            raise self._claimed_twice(name, f"entry point {self._installed[name].value}", by)
        if name in self._added and self._digest_of(self._added[name][0]) != digest:
            raise self._claimed_twice(name, self._added[name][1], by)
        self._added.setdefault(name, (value, by))

    def _named(self, value: Any, by: str) -> str:
        try:
            return self._name_of(value)
        except TypeError as error:
            raise ProtocolError(f"{self.kind} from {by}", str(error), f"See {self.hook or self.group}.") from error

    def _loaded(self, point: EntryPoint) -> T:
        try:
            value: T = point.load()
        except Exception as error:
            raise ProtocolError(
                f"{self.kind} {point.name!r}",
                f"its entry point {point.value} does not load ({type(error).__name__}: {error})",
                "Repair or uninstall the package that declares it.",
            ) from error
        if (name := self._named(value, f"entry point {point.value}")) != point.name:
            raise ProtocolError(
                f"{self.kind} {point.name!r}", f"its entry point {point.value} is of {name!r}", "Give both one name."
            )
        return value

    def _digest_of(self, value: T) -> str:
        try:
            return source_digest(self._code_of(value))
        except (OSError, TypeError) as error:
            raise ProtocolError(
                f"{self.kind} {self._name_of(value)!r}", f"its source cannot be found ({error})", "Keep it in a file."
            ) from error

    def _claimed_twice(self, name: str, one: str, other: str) -> ProtocolError:
        return ProtocolError(f"{self.kind} {name!r}", f"claimed by {one} and by {other}", "Rename one of them.")
