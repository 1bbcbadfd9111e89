r"""The one grammar of ``[NAME=][WRAPPER[:ARGUMENT]+]NAME[:ARGUMENT][?OPTION=VALUE&...]``. Standard library only.

It is how tools (``--editor``) and cohorts (``--dataset``) are named, and in part instruments (``PATH.py:FACTORY``).
What a name takes is not part of the grammar: see :mod:`editproof.core.usage`.

- The name ends at the first ``:`` or ``?``. A name that ends in ``.py`` is the path of a Python file, which may hold
  a ``?`` and a drive letter (``C:\tools\tool.py:make``).
- The argument ends at the first ``?``. In it ``%3F`` stands for ``?`` and ``%25`` for ``%``; another ``%`` is itself.
- In an option ``%26`` stands for ``&``, ``%25`` for ``%``, and any other byte may be written so; ``+`` is a plus sign.
- ``NAME=`` before all of it names a tool otherwise than it names itself (:func:`given_name`).
- A name whose argument is *verbatim* (a command line) is followed by nothing else: ``?``, ``&`` and ``%`` are its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

_FILE = re.compile(r"((?:[A-Za-z]:[\\/])?[^:]*\.py)(:.*)?", re.DOTALL)
_NAME = re.compile(r"([^:?]*)(:?.*)", re.DOTALL)
_GIVEN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.*)", re.DOTALL)
_AMBIGUOUS = re.compile(r"%(?=25|3[Ff])")
_ESCAPED = re.compile(r"%(25|3[Ff])")
_SPECIAL = re.compile(r"[^\w/+:~ .,@{}()\[\]\ud800-\udfff-]")


class SpecificationError(ValueError):
    """A text that is not a specification."""


@dataclass(frozen=True)
class Specification:
    r"""A tool or a cohort, as it is named on a command line.

    Attributes
    ----------
    name : str
        Of the tool or reader, or the path of a Python file.
    argument : str
        What follows the first colon.
    options : mapping of str to str
        As written, in the order in which they are written.
    wrappers : tuple of (str, str)
        Names and arguments of the wrappers around a tool, the outermost first.
    verbatim : bool
        Whether all that follows the colon is the argument.

    Examples
    --------
    >>> str(Specification("folder", "what?", {"names": "a&b"}))
    'folder:what%3F?names=a%26b'
    >>> str(Specification("opencv-telea", wrappers=(("paste-back", ""), ("squash", "512"))))
    'paste-back+squash:512+opencv-telea'
    """

    name: str
    argument: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    wrappers: tuple[tuple[str, str], ...] = ()
    verbatim: bool = False

    def __str__(self) -> str:
        """The text that reads back as this value."""
        around = "".join(f"{name}{':' if argument else ''}{argument}+" for name, argument in self.wrappers)
        mark = "" if not self.options else "?" if self.argument else ":?"
        return f"{around}{self.bare}{mark}{_written(self.options)}"

    @property
    def bare(self) -> str:
        """Name and argument alone. Options, which may hold what is secret, are left out of errors and logs."""
        argument = self.argument if self.verbatim else _AMBIGUOUS.sub("%25", self.argument).replace("?", "%3F")
        return f"{self.name}{':' if argument else ''}{argument}"

    @property
    def file(self) -> str:
        """Path of the Python file that is named, or nothing where the name is another one."""
        return self.name if self.name.endswith(".py") else ""


def specification(
    text: str, *, wrappers: Container[str] = (), verbatim: Callable[[str], bool] = lambda name: False
) -> Specification:
    r"""The value of a specification's text.

    Parameters
    ----------
    text : str
    wrappers : container of str
        Names that are allowed before a ``+``; none for cohorts.
    verbatim : callable
        Whether all that follows a name's colon is its argument.

    Raises
    ------
    SpecificationError
        Where an option has no name, or is given twice.

    Examples
    --------
    >>> specification("rsna:sets?n=200&split=test").options
    {'n': '200', 'split': 'test'}
    >>> specification("pad:16+C:\\tools\\tool.py:make", wrappers={"pad"})
    Specification(name='C:\\tools\\tool.py', argument='make', options={}, wrappers=(('pad', '16'),), verbatim=False)
    >>> specification("cmd:tool --a=b?c {output}", verbatim=lambda name: name == "cmd").argument
    'tool --a=b?c {output}'
    """
    around: list[tuple[str, str]] = []
    while True:
        outermost, plus, rest = text.partition("+")
        name, _, argument = outermost.partition(":")
        if not plus or name not in wrappers:
            break
        around.append((name, argument))
        text = rest
    found = _FILE.fullmatch(text) or _NAME.fullmatch(text)
    name, rest = (found[1], found[2] or "") if found else (text, "")
    if not rest.startswith("?") and verbatim(name):
        return Specification(name, rest[1:], {}, tuple(around), verbatim=True)
    argument, _, query = rest.removeprefix(":").partition("?")
    argument = _ESCAPED.sub(lambda escape: unquote(escape[0]), argument)
    return Specification(name, argument, options_in(query), tuple(around))


def given_name(text: str) -> tuple[str, str]:
    """The name that a user gives to a tool, empty where none is given, and the specification of the tool itself.

    Examples
    --------
    >>> given_name("sharp=cmd:python tool.py {image} {output}")
    ('sharp', 'cmd:python tool.py {image} {output}')
    >>> given_name("cmd:timeout=5 tool {output}"), given_name("folder:edits?names=a")
    (('', 'cmd:timeout=5 tool {output}'), ('', 'folder:edits?names=a'))
    """
    found = _GIVEN.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)


def python_file(text: str) -> tuple[str, str] | None:
    r"""Path and factory of ``PATH.py[:FACTORY]``, or None where the text names no Python file.

    Examples
    --------
    >>> python_file("C:\\tools\\reader.py:make"), python_file("reader.py"), python_file("C:\\cards\\card.json")
    (('C:\\tools\\reader.py', 'make'), ('reader.py', ''), None)
    """
    found = _FILE.fullmatch(text)
    return (found[1], (found[2] or "")[1:]) if found else None


def reader_of(text: str) -> str:
    """Name of the reader of a cohort's specification, sound or not.

    Examples
    --------
    >>> reader_of("phantom:?n=40"), reader_of("phantom")
    ('phantom', 'phantom')
    """
    return re.split("[:?]", text, maxsplit=1)[0]


def options_in(query: str) -> dict[str, str]:
    """Options by name, of what follows a ``?``.

    Raises
    ------
    SpecificationError
        Where an option has no name, or is given twice.

    Examples
    --------
    >>> options_in("masks=files&index=a+b.json")
    {'masks': 'files', 'index': 'a+b.json'}
    """
    options: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote(name)
        if part and not name:
            raise SpecificationError("a value without the name of an option")
        if name in options:
            raise SpecificationError(f"option {name} is given twice")
        if part:
            options[name] = unquote(value)
    return options


def _written(options: Mapping[str, str]) -> str:
    """Options as they are written, with nothing in them that a shell would read inside double quotes."""
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in options.items())


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: quote(found[0], safe=""), text)
