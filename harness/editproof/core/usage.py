"""What may follow the name of a tool or a cohort, declared beside the factory that makes it.

A factory that is declared with :func:`takes` is given what was asked for, checked; one that is not is given the bare
text after the colon. Unknown names and options and values of another kind end in one error, with the nearest known.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from editproof.core.nearest import did_you_mean
from editproof.core.specification import Specification, SpecificationError, options_in
from editproof.errors import EditproofError

Factory = TypeVar("Factory", bound=Callable[..., Any])


@dataclass(frozen=True)
class Kind:
    """What a value may be: in words that finish *Write OPTION=...*, and as a reader that raises ValueError."""

    words: str
    read: Callable[[str], Any] = str


def one_of(*choices: str) -> Kind:
    """One of some words.

    Examples
    --------
    >>> one_of("live", "batch").words
    'live or batch'
    """

    def read(written: str) -> str:
        if written not in choices:
            raise ValueError(written)
        return written

    return Kind(_either(*choices), read)


def whole(least: int = 0, most: float = math.inf, *, words: Mapping[str, Any] | None = None) -> Kind:
    """A whole number, from the least to the most; or one of some words that mean a value.

    Examples
    --------
    >>> whole(1, 10).words, whole(1, words={"all": None}).words
    ('a whole number from 1 to 10', 'a whole number from 1 or all')
    """
    known = words or {}

    def read(written: str) -> Any:
        if written in known:
            return known[written]
        if not (written.isascii() and written.isdecimal() and least <= int(written) <= most):
            raise ValueError(written)
        return int(written)

    ends = f"from {least}" if most == math.inf else f"from {least} to {most}"
    return Kind(_either(f"a whole number {ends}", *known), read)


def numeric(words: str, holds: Callable[[float], bool] = math.isfinite) -> Kind:
    """A number of which something holds."""

    def read(written: str) -> float:
        if not math.isfinite(found := float(written)) or not holds(found):
            raise ValueError(written)
        return found

    return Kind(words, read)


def _either(*choices: str) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))


def _json_object(written: str) -> dict[str, Any]:
    found = json.loads(written)
    if not isinstance(found, dict):
        raise ValueError(written)
    return found


def _filled(written: str) -> str:
    if not written:
        raise ValueError(written)
    return written


TEXT = Kind("a text")
FILLED = Kind("a text", _filled)
FILE = Kind("a file", _filled)
JSON_OBJECT = Kind("a JSON object", _json_object)
LONGEST_S = 86_400
"""The longest time that a request may be given, in seconds."""

SECONDS = numeric(f"a number of seconds above 0, up to {LONGEST_S:,}", lambda x: 0 < x <= LONGEST_S)
RATE = numeric("a number above 0", lambda x: x > 0)
YES_NO = Kind("yes or no", lambda written: one_of("yes", "no").read(written) == "yes")


@dataclass(frozen=True)
class Option:
    """One option of a tool or a cohort.

    Attributes
    ----------
    name : str
    help : str
        One line.
    kind : Kind
    default : str
        As it would be written; empty where an option without a value has no default.
    """

    name: str
    help: str
    kind: Kind = TEXT
    default: str = ""


@dataclass(frozen=True)
class Given:
    """What was asked for, checked: the argument, and the options as written and as read.

    Attributes
    ----------
    asked : str
        For errors: ``--editor openai:gpt-image-2``.
    argument : str
    written : mapping of str to str
        The options that were written.
    text : mapping of str to str
        Every option, its default where it was not written.
    value : mapping of str to object
        The same, read; None where there is neither a text nor a default.
    """

    asked: str
    argument: str
    written: Mapping[str, str]
    text: Mapping[str, str]
    value: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """What a tool or a cohort's reader takes after its name.

    Attributes
    ----------
    help : str
        What it is, in one line.
    argument : str
        What the argument is, e.g. ``MODEL``; empty where there is none.
    options : tuple of Option
    receiver : str
        Of tools: who is sent pixels, in words; empty where nobody is.
    verbatim : bool
        Whether all that follows the colon is the argument; so it is where there are no options.
    """

    help: str
    argument: str = ""
    options: tuple[Option, ...] = ()
    receiver: str = ""
    verbatim: bool = False

    @property
    def takes_all(self) -> bool:
        """Whether ``?`` and ``&`` in what follows the colon are the argument's own."""
        return self.verbatim or not self.options

    def given(self, asked: Specification, flag: str, error: type[EditproofError]) -> Given:
        """What a specification asks for.

        A name that takes options and no argument may leave out the question mark: ``phantom:n=40`` is
        ``phantom:?n=40``.

        Raises
        ------
        error
            Where the argument is missing, an option is unknown, or a value is not of its kind.
        """
        words, argument, options = f"{flag} {asked.bare}", asked.argument, dict(asked.options)
        if self.options and not self.argument and argument and not options:
            words, argument = f"{flag} {asked.name}", ""
            options = parsed(lambda: options_in(asked.argument), words, error)
        if self.argument and not argument:
            raise error(words, f"no {self.argument.lower()}", f"Write {flag} {asked.name}:{self.argument}.")
        if argument and not self.argument:
            raise error(words, f"{asked.name} takes no argument", f"Write {flag} {asked.name}.")
        known = {option.name: option for option in self.options}
        if unknown := sorted(set(options) - set(known)):
            advice = f"{did_you_mean(unknown[0], known)}Options: {', '.join(known) or 'none'}."
            raise error(words, f"unknown option {', '.join(unknown)}", advice)
        return self.read(words, argument, options, error)

    def read(self, asked: str, argument: str, options: Mapping[str, str], error: type[EditproofError]) -> Given:
        """Known options, read.

        Raises
        ------
        error
            Where a value is not of its kind.
        """
        written = {option.name: options.get(option.name, option.default) for option in self.options}
        values: dict[str, Any] = {}
        for option in self.options:
            text = written[option.name]
            try:
                values[option.name] = option.kind.read(text) if text or option.name in options else None
            except (ValueError, RecursionError) as fault:
                advice = f"Write {option.name}={option.kind.words}: {option.help}."
                raise error(asked, f"{option.name} = {text!r}", advice) from fault
        return Given(asked, argument, options, written, values)


def takes(usage: Usage) -> Callable[[Factory], Factory]:
    """Declare what a factory takes; it is then given a :class:`Given` in place of the text after the colon."""

    def declared(factory: Factory) -> Factory:
        factory.usage = usage  # type: ignore[attr-defined]
        return factory

    return declared


def usage_of(factory: object) -> Usage | None:
    """What a factory says that it takes, or None where it says nothing."""
    found: Usage | None = getattr(factory, "usage", None)
    return found


def parsed(read: Callable[[], Any], asked: str, error: type[EditproofError]) -> Any:
    """What ``read`` gives, a fault of the grammar as the one error."""
    try:
        return read()
    except SpecificationError as fault:
        raise error(asked, str(fault), "Write NAME:ARGUMENT?OPTION=VALUE&OPTION=VALUE, each option once.") from fault
