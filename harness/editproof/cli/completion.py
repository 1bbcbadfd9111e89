"""Completion of the command by a shell: ``editproof completion bash``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editproof.core.extras import need
from editproof.errors import EditproofError

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs

SHELLS: Final[Mapping[str, str]] = {
    "bash": 'eval "$(editproof completion bash)" in ~/.bashrc',
    "zsh": "editproof completion zsh > _editproof, in a folder of $fpath",
    "fish": "editproof completion fish > ~/.config/fish/completions/editproof.fish",
}
"""Shells, and what to do in each."""


class CompletionError(EditproofError):
    """What a shell needs to complete the command cannot be made."""


def add_to(verbs: Verbs) -> None:
    """Declare ``completion``."""
    words = "print what lets a shell complete the command: bash, zsh or fish"
    uses = "; ".join(f"{shell}: {use}" for shell, use in SHELLS.items())
    verb = verbs.add_parser("completion", help=words, description=f"{words} ({uses})")
    verb.add_argument("shell", choices=tuple(SHELLS))
    verb.set_defaults(action=_completion)


def _completion(options: argparse.Namespace) -> int:
    need("completion", f"completion {options.shell}", CompletionError)
    import shtab

    from editproof.cli import command_line

    parser = command_line()
    for verb in parser.commands.values():
        _complete(verb, shtab.FILE)
    print(shtab.complete(parser, options.shell))
    return 0


def _complete(verb: argparse.ArgumentParser, files: Any) -> None:
    """Let a shell know what of a verb is a file."""
    for action in verb._actions:
        if action.type is Path or action.metavar in ("FILE", "DIR", "PATH"):
            action.complete = files  # type: ignore[attr-defined]
