"""Formats of files that other versions write too: which this version reads, and which version reads the others."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version

from editproof.core.records import quoted

BEFORE_0_2 = "0.2 before its release"

LAST_READ_BY = {
    "editproof-evidence/1": "0.1",
    "editproof-evidence/2": "0.1",
    "editproof-evidence/3": BEFORE_0_2,
    "editproof-comparison/1": "0.1",
    "editproof-comparison/2": BEFORE_0_2,
    "editproof-protocol/1": "0.1",
    "editproof-protocol/2": BEFORE_0_2,
    "editproof-index/1": "0.1",
    "editproof-index/2": "0.1",
}
"""By schema: the last version of editproof that reads it. Whoever raises the number of a schema adds the former one."""


def fault_of_schema(schema: object, known: Collection[str], noun: str, verb: str = "read") -> str:
    """What is the matter with the schema that a file names, in words; empty where this version knows it.

    Parameters
    ----------
    schema : object
        As the file has it, such as ``"editproof-evidence/2"``.
    known : collection of str
        Schemas that this version reads.
    noun, verb : str
        What files of the schema are, and what is done with them.

    Examples
    --------
    >>> fault_of_schema("editproof-evidence/4", ["editproof-evidence/4"], "evidence")
    ''
    >>> fault_of_schema("editproof-evidence/2", ["editproof-evidence/4"], "evidence").partition(";")[0]
    'evidence of schema editproof-evidence/2 is read by editproof 0.1'
    >>> fault_of_schema("editproof-evidence/999", ["editproof-evidence/4"], "evidence").partition(";")[0]
    'evidence of schema editproof-evidence/999 is read by a later editproof'
    >>> fault_of_schema("else", ["editproof-evidence/4"], "evidence")
    "its schema is 'else', not 'editproof-evidence/4'"
    """
    if isinstance(schema, str) and schema in known:
        return ""
    family, _, number = schema.partition("/") if isinstance(schema, str) else ("", "", "")
    if not number.isdecimal() or family not in {name.partition("/")[0] for name in known}:
        return f"its schema is {quoted(schema)}, not {' or '.join(map(repr, known))}"
    newest = max(int(name.partition("/")[2]) for name in known if name.startswith(f"{family}/"))
    reader = "a later editproof" if int(number) > newest else f"editproof {LAST_READ_BY.get(str(schema), '0')}"
    past = {"read": "read", "verify": "verified"}[verb]
    return f"{noun} of schema {schema} is {past} by {reader}; this is editproof {version('editproof')}"
