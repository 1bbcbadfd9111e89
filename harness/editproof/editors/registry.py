"""From ``--editor SPEC`` to a tool: built-ins and plug-ins by entry point, Python files by path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from editproof.core.callables import callable_from_file
from editproof.core.egress import check_egress
from editproof.editors.adapter import CheckedEditor, checked
from editproof.editors.wrappers import WRAPPERS, wrapped
from editproof.errors import EditorError
from editproof.types import Editor

GROUP = "editproof.editors"

EditorFactory = Callable[[str], Editor]


def editor_from_spec(
    spec: str, extra: Mapping[str, EditorFactory] | None = None, *, allow_egress: Iterable[str] | None = ()
) -> CheckedEditor:
    """The tool that a specification names, its outcomes checked.

    Parameters
    ----------
    spec : str
        ``NAME``, ``NAME:ARGUMENT`` (e.g. ``folder:EDITS``) or ``PATH.py:FACTORY``, where the factory takes no
        argument and returns an :class:`~editproof.types.Editor` or a plain function from request to pixels.
        ``WRAPPER+SPEC`` wraps another tool, e.g. ``paste-back+opencv-telea``, ``squash:512+identity``.
    extra : mapping of str to callable, optional
        Further factories by name, from the repository's own ``conftest.py``.
    allow_egress : iterable of str or None
        Hosts that may receive pixels; None where the tool is only looked at and never asked.

    Raises
    ------
    EditorError
        Where the name is unknown, claimed twice, or its factory fails, or where the tool would send pixels to a
        host that may not receive them.
    """
    editor = _editor(spec, extra)
    if allow_egress is not None:
        check_egress(editor.card.sends_data_to, allow_egress, f"editor {editor.card.name}", EditorError)
    return editor


def _editor(spec: str, extra: Mapping[str, EditorFactory] | None) -> CheckedEditor:
    wrapper, plus, rest = spec.partition("+")
    if plus and wrapper.partition(":")[0] in WRAPPERS:
        name, _, argument = wrapper.partition(":")
        return checked(wrapped(name, argument, _editor(rest, extra)))
    name, _, argument = spec.partition(":")
    if name.endswith(".py"):
        return checked(_from_file(Path(name), argument or "editor"))
    factories = editor_factories(extra)
    if name not in factories:
        raise EditorError(
            f"--editor {spec}",
            "no such tool is installed",
            f"Installed: {', '.join(sorted(factories))}, PATH.py:FACTORY; wrappers: {', '.join(WRAPPERS)}.",
        )
    try:
        return checked(factories[name](argument))
    except EditorError:
        raise
    except (Exception, SystemExit) as error:
        raise EditorError(f"--editor {spec}", f"its factory raised {type(error).__name__}: {error}") from error


def editor_factories(extra: Mapping[str, EditorFactory] | None = None) -> dict[str, EditorFactory]:
    """Every named factory: entry points of the group ``editproof.editors`` and ``extra``, no name claimed twice."""
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


def described_editors() -> Iterator[tuple[str, str, str]]:
    """Name, receiver of the pixels and description of every installed tool.

    A tool that needs an argument is described by its factory's words; who receives its pixels then depends on it.
    """
    for name, factory in sorted(editor_factories().items()):
        try:
            card = factory("").card
        except EditorError:
            words = getattr(factory, "words", "") or (factory.__doc__ or "")
            host = _RECEIVERS.get(name, "depends on its argument")
            yield name, host, words.strip().partition("\n")[0]
        else:
            host = f"sends pixels to {card.sends_data_to}" if card.sends_data_to else "sends nothing"
            yield name, host, card.description


_RECEIVERS = {
    "openai": "sends pixels to api.openai.com, or base_url",
    "http": "sends pixels to its url",
    "cmd": "sends nothing; the command may",
    "folder": "sends nothing",
    "diffusers": "sends nothing",
}


class _Lazy:
    """A factory that loads its entry point when it is first called."""

    def __init__(self, point: EntryPoint) -> None:
        self._point = point

    @property
    def words(self) -> str:
        """What the factory says of itself."""
        return str(self._loaded().__doc__ or "")

    def __call__(self, argument: str) -> Editor:
        editor: Editor = self._loaded()(argument)
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


def _from_file(path: Path, name: str) -> Editor:
    asked = f"--editor {path}:{name}"
    factory = callable_from_file(path, name, asked, EditorError)
    try:
        editor: Editor = factory()
    except (Exception, SystemExit) as error:
        raise EditorError(asked, f"the factory raised {type(error).__name__}: {error}") from error
    return editor
