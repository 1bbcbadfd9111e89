"""What a group of verbs adds itself to, and what verbs that run pytest hand on to it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

HANDED = "pytest"
"""Destination of the words that a verb hands on to pytest."""


class Suggested(tuple[str, ...]):
    """Choices that a shell completes, of which there are more: what a trusted file adds is known when it is read."""

    __slots__ = ()

    def __contains__(self, value: object) -> bool:
        return True


class HandedOn(argparse.Action):
    """An option of a run, kept as it was written, after those before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add it to the words that are handed on."""
        flag = str(self.option_strings[0])
        word = flag if self.nargs == 0 else f"{flag}={values}"
        setattr(namespace, HANDED, [*getattr(namespace, HANDED, ()), word])


def hand_on(verb: argparse.ArgumentParser) -> None:
    """Let a verb take the options of a run, each checked here, and hand them on; a flag that it has stays its own.

    What it does not know goes to pytest too, and so does all that follows ``--``; see :func:`handed_words`.
    """
    from editproof.study.options import declare_options

    verb.set_defaults(**{HANDED: []})
    verb.usage = f"{' '.join(verb.format_usage().split()[1:])} [options of a run or of pytest] [-- words for pytest]"
    group = verb.add_argument_group("options of a run, handed on to pytest with all of its own")

    def add(flag: str, **told: Any) -> None:
        if flag in verb._option_string_actions:
            return
        group.add_argument(
            flag,
            action=HandedOn,
            dest=HANDED,
            default=argparse.SUPPRESS,
            nargs=0 if told.get("action") == "store_true" else None,
            type=_as_written(told.get("type", str)),
            choices=told.get("choices"),
            metavar=told.get("metavar"),
            help=told["help"],
        )

    declare_options(add)


def _as_written(read: Callable[[str], object]) -> Callable[[str], str]:
    """The text itself, where it can be read."""

    def text(written: str) -> str:
        read(written)
        return written

    text.__name__ = getattr(read, "__name__", "value")  # for the error of argparse
    return text


def hands_on(verb: argparse.ArgumentParser | None) -> bool:
    """Whether a verb hands words on to pytest."""
    return verb is not None and verb.get_default(HANDED) is not None


def handed_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words of a command line before the first ``--``, and those after it, which are for pytest alone.

    Examples
    --------
    >>> handed_words(["judge", "x.csv", "--", "--reports=x"])
    (['judge', 'x.csv'], ['--reports=x'])
    """
    if "--" not in words:
        return list(words), []
    place = list(words).index("--")
    return list(words[:place]), list(words[place + 1 :])
