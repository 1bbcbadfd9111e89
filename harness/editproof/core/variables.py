"""Variables of the environment in texts of users, written ``${NAME}``, so that no secret is ever in a file."""

from __future__ import annotations

import os
import re

from editproof.errors import EditproofError

VARIABLE = re.compile(r"\$\{(\w+)\}")


def value_of_variable(name: str, asked: str, error: type[EditproofError]) -> str:
    """The value of a variable of the environment.

    Raises
    ------
    error
        Where it is not set, or empty.
    """
    found = os.environ.get(name, "").strip()
    if not found:
        raise error(asked, f"the environment has no {name}", f"Set {name}.")
    return found


def with_values(text: str, asked: str, error: type[EditproofError]) -> str:
    """A text with the values of the variables that it names.

    Raises
    ------
    error
        Where one is not set.
    """
    return VARIABLE.sub(lambda place: value_of_variable(place[1], asked, error), text)
