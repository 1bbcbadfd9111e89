"""Names of tools: those that are taken (controls, built-in tools, wrappers), and those that users give."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from editproof.editors.wrappers import WRAPPERS
from editproof.errors import EditorError

if TYPE_CHECKING:
    from editproof.editors.adapter import CheckedEditor

OWN_NAME: Final = "own_name"
"""Parameter on the card of a tool that goes by a name that its user gave: the name that it has itself."""


def check_own_name(tool: object, built_in: Collection[str]) -> None:
    """Refuse a user's tool whose card bears the name of a built-in one: a reader would take the one for the other.

    Parameters
    ----------
    tool : object
        As its factory made it, with or without a card.
    built_in : collection of str
        Names of the tools of this package.

    Raises
    ------
    EditorError

    Examples
    --------
    >>> check_own_name(lambda request: request.image, {"identity"})
    """
    name = str(getattr(getattr(tool, "card", None), "name", None) or getattr(tool, "__name__", ""))
    _check_free(name, built_in, "Give it a name of its own on its card.")


def named(editor: CheckedEditor, name: str, own_name: str, built_in: Collection[str]) -> CheckedEditor:
    """The tool under the name that its user gives to it; its own stays on the card, and decides whose edits are its.

    Parameters
    ----------
    editor : CheckedEditor
    name, own_name : str
        What its user calls it, and what it calls itself.
    built_in : collection of str
        Names of the tools of this package.

    Raises
    ------
    EditorError
        Where it is the name of a built-in tool or wrapper.
    """
    _check_free(name, built_in, "Give it another name.")
    parameters = {**editor.card.parameters, OWN_NAME: own_name}
    return replace(editor, card=replace(editor.card, name=name, parameters=parameters))


def _check_free(name: str, built_in: Collection[str], advice: str) -> None:
    plain = unicodedata.normalize("NFKC", name).casefold()
    for part in re.split(r"[:+]", plain):
        if part.strip() in {*built_in, *WRAPPERS}:
            raise EditorError(
                f"a tool called {name!r}", f"{part.strip()!r} is the name of a built-in tool or wrapper",
                advice,
            )  # fmt: skip
