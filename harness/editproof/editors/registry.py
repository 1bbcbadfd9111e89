"""From ``--editor SPEC`` to a tool: built-ins and plug-ins by entry point, Python files by path."""

from __future__ import annotations

import base64
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from editproof.core.callables import callable_from_file
from editproof.core.egress import check_egress
from editproof.core.literals import literal_secret
from editproof.core.nearest import did_you_mean
from editproof.core.specification import Specification, given_name, specification
from editproof.core.usage import Usage, parsed, usage_of
from editproof.editors.adapter import CheckedEditor, Service, checked
from editproof.editors.names import check_own_name, named
from editproof.editors.process import HARNESS, ApartTool, UnmadeError
from editproof.editors.wrappers import WRAPPERS, wrapped
from editproof.errors import EditorError
from editproof.types import Editor

GROUP = "editproof.editors"
_NO_SERVICE = Service()

SHIPPED = (EntryPoint("rerender", "editproof.models.rerender:editor", GROUP),)
"""Tools whose weights ship with the package, from a folder that the build maps into it."""

EditorFactory = Callable[[Any], Editor]
"""From the text after the colon, or from a :class:`~editproof.core.usage.Given` where it says what it takes."""


def editor_from_spec(
    spec: str, extra: Mapping[str, EditorFactory] | None = None, *, allow_egress: Iterable[str] | None = ()
) -> CheckedEditor:
    """The tool that a specification names, its outcomes checked.

    Parameters
    ----------
    spec : str
        ``NAME[:ARGUMENT][?OPTION=VALUE&...]`` (e.g. ``folder:EDITS``) or ``PATH.py:FACTORY``, where the factory takes
        no argument and returns an :class:`~editproof.types.Editor` or a plain function from request to pixels.
        ``WRAPPER+SPEC`` wraps another tool, e.g. ``paste-back+opencv-telea``, ``squash:512+identity``
        (:mod:`editproof.core.specification`). ``NAME=SPEC`` gives the tool a name, so that two of one program differ.
    extra : mapping of str to callable, optional
        Further factories by name, from the repository's own ``conftest.py``.
    allow_egress : iterable of str or None
        Hosts that may receive pixels; None where the tool is only looked at and never asked.

    Raises
    ------
    EditorError
        Where the name is unknown, claimed twice, or its factory fails, where an option or its value is not one that
        it takes, or where the tool would send pixels to a host that may not receive them.
    """
    if secret := literal_secret(spec):
        asked, found = f"--editor {_bare(spec).partition(':')[0]}", f"a secret stands in it ({secret})"
        raise EditorError(asked, found, "Keep secrets in environment variables (key_env=NAME, ${NAME} in a template).")
    editor = _editor(spec, extra)
    if allow_egress is not None:
        check_egress(editor.card.sends_data_to, allow_egress, f"editor {editor.card.name}", EditorError)
    return editor


def _editor(spec: str, extra: Mapping[str, EditorFactory] | None) -> CheckedEditor:
    """The tool, in a process of its own where it is no part of this package and can be made there."""
    factories = editor_factories(extra)
    name, itself = _given_name(spec)
    asked = _parsed(itself, factories, lambda factory: not _is_ours(factory))
    factory, bare = factories.get(asked.name), str(replace(asked, wrappers=())) if asked.wrappers else itself
    if not asked.file and (factory is None or _is_ours(factory)):
        return made_here(spec, extra)
    try:
        tool = ApartTool(_order(bare, asked.name, factory), f"--editor {asked.bare}")
        check_own_name(tool, _names_of_ours(factories))
        editor = CheckedEditor(tool.card, tool)
    except UnmadeError:
        editor = made_here(bare, extra)
        editor = replace(editor, card=replace(editor.card, process=HARNESS))
    return _around(editor, asked, name, _names_of_ours(factories))


def made_here(spec: str, extra: Mapping[str, EditorFactory] | None) -> CheckedEditor:
    """The tool that a specification names, made in this very process."""
    factories = editor_factories(extra)
    name, itself = _given_name(spec)
    asked = _parsed(itself, factories)
    made, ours = (_from_file(asked), False) if asked.file else _named(asked, factories)
    taken = _names_of_ours(factories)
    if not ours:
        check_own_name(made, taken)
    elsewhere = ours and getattr(made, "service", _NO_SERVICE).elsewhere
    editor = checked(made, by_card=elsewhere, called=(asked.argument or "editor") if asked.file else asked.name)
    return _around(editor, asked, name, taken)


def _given_name(spec: str) -> tuple[str, str]:
    name, itself = given_name(spec)
    if name and not itself:
        raise EditorError(f"--editor {spec}", "it names no tool", f"Write --editor {name}=SPEC.")
    return name, itself


def _names_of_ours(factories: Mapping[str, EditorFactory]) -> set[str]:
    return {name for name, factory in factories.items() if _is_ours(factory)}


def _around(editor: CheckedEditor, asked: Specification, name: str, taken: set[str]) -> CheckedEditor:
    """The tool in its wrappers; where its user names it, under that name, its calls counted by themselves too."""
    whole = _in_wrappers(editor, asked)
    if not name:
        return whole
    inner = named(editor, name, editor.card.name, taken)
    return named(_in_wrappers(inner, asked), name, whole.card.name, taken)


def _in_wrappers(editor: CheckedEditor, asked: Specification) -> CheckedEditor:
    for wrapper, argument in reversed(asked.wrappers):
        editor = checked(wrapped(wrapper, argument, editor), by_card=True)
    return editor


def _parsed(
    spec: str, factories: Mapping[str, EditorFactory], unread: Callable[[EditorFactory], bool] = lambda factory: False
) -> Specification:
    """A specification; what follows the name of a factory that is not to be loaded here is left as it is."""

    def takes_all(name: str) -> bool:
        factory = factories.get(name)
        if factory is None or (isinstance(factory, _Lazy) and unread(factory)):
            return factory is not None
        usage = usage_of(factory)
        return usage is None or usage.takes_all

    found: Specification = parsed(
        lambda: specification(spec, wrappers=WRAPPERS, verbatim=takes_all), f"--editor {_bare(spec)}", EditorError
    )
    return found


def _order(spec: str, name: str, factory: EditorFactory | None) -> dict[str, Any]:
    """What another process is told, to make a tool there.

    Raises
    ------
    UnmadeError
        Where the factory of a ``conftest.py`` cannot be found by its name.
    """
    order = {"spec": spec, "name": name, "factory": "", "file": ""}
    if factory is None or isinstance(factory, _Lazy):
        return order
    try:
        return {**order, "factory": base64.b64encode(pickle.dumps(factory)).decode(), "file": file_of(factory)}
    except Exception as error:  # pickle raises whatever an object raises
        raise UnmadeError(f"{type(error).__name__}: {error}") from error


def file_of(factory: EditorFactory) -> str:
    """Path of the file that a factory is defined in, or of the class of one that is an object."""
    named = factory if hasattr(factory, "__qualname__") else type(factory)
    return str(Path(getattr(sys.modules[named.__module__], "__file__", None) or "").absolute())


def _named(asked: Specification, factories: Mapping[str, EditorFactory]) -> tuple[Editor, bool]:
    """The tool of a name, and whether it is one of this package."""
    words = f"--editor {asked.bare}"
    if asked.name not in factories:
        installed = f"Installed: {', '.join(sorted(factories))}, PATH.py:FACTORY; wrappers: {', '.join(WRAPPERS)}."
        first, plus, _ = asked.name.partition("+")
        meant = did_you_mean(first, WRAPPERS) if plus else did_you_mean(asked.name, factories)
        raise EditorError(words, "no such tool is installed", f"{meant}{installed}")
    factory = factories[asked.name]
    usage = usage_of(factory)
    if usage is None and asked.options:
        found = f"{asked.name} takes no argument before its options"
        raise EditorError(words, found, f"Write --editor {asked.name}:ARGUMENT.")
    given = asked.argument if usage is None else usage.given(asked, "--editor", EditorError)
    try:
        return factory(given), _is_ours(factory)
    except EditorError:
        raise
    except (Exception, SystemExit) as error:
        raise EditorError(words, f"its factory raised {type(error).__name__}: {error}") from error


def _is_ours(factory: EditorFactory) -> bool:
    return isinstance(factory, _Lazy) and factory.module.startswith("editproof.")


def _bare(spec: str) -> str:
    """A specification without its options, which may hold what is secret."""
    return spec.partition("?")[0]


def editor_factories(extra: Mapping[str, EditorFactory] | None = None) -> dict[str, EditorFactory]:
    """Every named factory: entry points of the group ``editproof.editors`` and ``extra``, no name claimed twice."""
    factories: dict[str, EditorFactory] = {}
    claimed: dict[str, str] = {}
    for point in sorted([*SHIPPED, *entry_points(group=GROUP)], key=lambda point: (point.name, point.value)):
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


@dataclass(frozen=True)
class Described:
    """What an installed tool says of itself.

    Attributes
    ----------
    name : str
    usage : Usage
        Its argument, options, receiver and one line of help, as declared beside its factory; of a tool that declares
        none, what its card or else its factory's docstring says.
    """

    name: str
    usage: Usage

    @property
    def written(self) -> str:
        """How it is named: ``openai:MODEL?OPTION=VALUE&...``."""
        options = "?OPTION=VALUE&..." if self.usage.options and not self.usage.verbatim else ""
        return f"{self.name}{':' if self.usage.argument else ''}{self.usage.argument}{options}"

    @property
    def receiver(self) -> str:
        """Who is sent pixels, in words."""
        return self.usage.receiver or "sends nothing"


def described_editors() -> Iterator[Described]:
    """Every installed tool, as it says of itself."""
    for name, factory in sorted(editor_factories().items()):
        try:
            usage = usage_of(factory) or _undeclared(factory)
        except EditorError as error:
            usage = Usage(error.found, receiver="not known")
        yield Described(name, usage)


def _undeclared(factory: EditorFactory) -> Usage:
    """What can be said of a tool that declares nothing: what its card says, where it needs no argument."""
    try:
        card = factory("").card
    except Exception:  # what is made without the argument that it needs may raise anything
        words = getattr(factory, "words", "") or (factory.__doc__ or "")
        return Usage(words.strip().partition("\n")[0], "ARGUMENT", receiver="depends on its argument")
    return Usage(card.description, receiver=f"sends pixels to {card.sends_data_to}" if card.sends_data_to else "")


class _Lazy:
    """A factory that loads its entry point when it is first called."""

    def __init__(self, point: EntryPoint) -> None:
        self._point = point

    @property
    def module(self) -> str:
        """The module that it is loaded from."""
        return self._point.module

    @property
    def words(self) -> str:
        """What the factory says of itself."""
        return str(self._loaded().__doc__ or "")

    @property
    def usage(self) -> Usage | None:
        """What the factory says that it takes."""
        return usage_of(self._loaded())

    def __call__(self, given: Any) -> Editor:
        editor: Editor = self._loaded()(given)
        return editor

    def _loaded(self) -> EditorFactory:
        try:
            factory: EditorFactory = self._point.load()
        except Exception as error:
            raise EditorError(
                f"editor {self._point.name!r}",
                f"its entry point {self._point.value} does not load ({type(error).__name__}: {error})",
                "Repair or uninstall the package that declares it.",
            ) from error
        return factory


def _from_file(asked: Specification) -> Editor:
    path, name = Path(asked.file), asked.argument or "editor"
    words = f"--editor {path}:{name}"
    if asked.options:
        raise EditorError(words, "the factory of a file takes no options", "Bind them in the file.")
    factory = callable_from_file(path, name, words, EditorError)
    try:
        editor: Editor = factory()
    except (Exception, SystemExit) as error:
        raise EditorError(words, f"the factory raised {type(error).__name__}: {error}") from error
    return editor
