"""The ``editproof`` command: before a run, its edits, and what can be done with its evidence.

A group of verbs is a module with ``add_to(verbs)``; each verb delegates. A verb that hands its arguments on to pytest
declares ``pytest`` among them.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, NoReturn

from editproof.cli import (
    cohorts,
    completion,
    demo,
    editing,
    evidence,
    exporting,
    instruments,
    judging,
    planning,
    readers,
    running,
    scaffold,
    training,
)
from editproof.cli.verbs import handed_words, hands_on
from editproof.core.nearest import did_you_mean
from editproof.core.progress import watching
from editproof.errors import EditproofError
from editproof.evidence.exits import WRONG_USAGE
from editproof.study.progress import progress_bar

GROUPS = {
    "to see it work": (demo,),
    "before a study": (scaffold, cohorts, planning),
    "tools and their edits": (editing,),
    "judge": (running, judging, readers),
    "what a run left": (evidence, exporting),
    "instruments": (instruments, training),
    "the command itself": (completion,),
}
"""Groups of verbs by the heading under which they are listed."""


INTERRUPTED = 130
"""Exit code where SIGINT ended the command, as shells have it."""
STOPPED = 141
"""Exit code where whoever reads the output stopped reading, as of a program that SIGPIPE ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, as :mod:`editproof.evidence.exits` has them; 141 if nobody reads on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console of cp1252 would refuse a tick
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        try:
            return _exit_code(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not _silenced():
            raise
        return STOPPED
    except KeyboardInterrupt:
        print("editproof: interrupted. What was kept is whole; run the same command to go on.", file=sys.stderr)
        return INTERRUPTED


def _silenced() -> bool:
    """Whether nobody reads the output any more; what is left of it is then dropped."""
    try:
        print(flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest word that it knows."""

    def __init__(self, *args: Any, **told: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **told})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line."""
        said = _with_nearest(message)
        self.exit(WRONG_USAGE, f"{self.prog}: error: {said}{'' if said[-1] in '.?' else '.'} See {self.prog} --help.\n")

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Say that some words mean nothing here, and the option that is nearest to the first of them."""
        known = [flag for flag in self._option_string_actions if flag.startswith("--")]
        self.error(f"unknown arguments: {' '.join(words)}. {did_you_mean(words[0].partition('=')[0], known)}".strip())


class _Verbs(_Parser):
    """The parser of the command itself: its help lists the verbs in their groups."""

    groups: Mapping[str, Sequence[tuple[str, str]]] = {}
    commands: Mapping[str, _Parser] = {}

    def format_help(self) -> str:
        """Usage, and each verb with its words under the heading of its group."""
        widest = max(len(name) for verbs in self.groups.values() for name, _ in verbs)
        lines = [self.format_usage().strip(), "", str(self.description)]
        for heading, verbs in self.groups.items():
            lines += ["", f"{heading}:", *(f"  {name:{widest}}  {words}" for name, words in verbs)]
        return "\n".join([*lines, "", "editproof COMMAND --help says what a command takes.", ""])


def _with_nearest(message: str) -> str:
    """An error of argparse; of a word that is none of those there are, with the nearest."""
    found = re.match(r"argument \S+: invalid choice: '(.*)' \(choose from (.*)\)", message)
    if not found:
        return message
    word, known = found[1], [choice.strip(" '") for choice in found[2].split(",")]
    return f"{word!r} is none of {', '.join(known)}. {did_you_mean(word, known)}".strip()


def command_line() -> _Verbs:
    """The parser of the command, with every verb; ``groups`` lists the verbs, ``commands`` has the parser of each."""
    words = "Does an image-editing tool leave the clinical content of medical images alone?"
    parser = _Verbs("editproof", description=words)
    parser.add_argument("--version", action="version", version=f"editproof {version('editproof')}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", parser_class=_Parser)
    groups = {}
    for heading, modules in GROUPS.items():
        before = len(verbs._choices_actions)
        for module in modules:
            module.add_to(verbs)
        groups[heading] = [(action.dest, str(action.help)) for action in verbs._choices_actions[before:]]
    parser.groups, parser.commands = groups, dict(verbs.choices)
    return parser


def _exit_code(arguments: Sequence[str] | None) -> int:
    parser = command_line()
    words: Sequence[str] = sys.argv[1:] if arguments is None else arguments
    after: list[str] = []
    handing = hands_on(parser.commands.get(words[0]) if words else None)
    if handing:
        words, after = handed_words(words)
    options, rest = parser.parse_known_args(words)
    if options.verb is None:
        if rest:
            parser.refuse(rest)
        print(parser.format_help(), end="")
        return 0
    if handing:
        options.pytest = [*options.pytest, *rest, *after]
    elif rest:
        parser.commands[options.verb].refuse(rest)
    try:
        with watching(progress_bar):
            return int(options.action(options))
    except EditproofError as error:
        from editproof.report.text.wording import in_one_line

        print(f"editproof: {in_one_line(str(error))}", file=sys.stderr)
        return WRONG_USAGE
    except OSError as error:
        if error.filename is None or isinstance(error, BrokenPipeError):
            raise
        from editproof.report.text.wording import in_one_line

        advice = "Name a file or folder that can be read, or written to."
        said = f"editproof {options.verb}: {error.filename} cannot be used ({error.strerror}). {advice}"
        print(in_one_line(said), file=sys.stderr)
        return WRONG_USAGE
