"""Names of tools that are taken: the controls, the built-in tools and the wrappers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from editproof.editors.wrappers import WRAPPERS
from editproof.errors import EditorError


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
    plain = unicodedata.normalize("NFKC", name).casefold()
    for part in re.split(r"[:+]", plain):
        if part.strip() in {*built_in, *WRAPPERS}:
            raise EditorError(
                f"a tool called {name!r}", f"{part.strip()!r} is the name of a built-in tool or wrapper",
                "Give it a name of its own on its card.",
            )  # fmt: skip
