"""What a group of verbs adds itself to, and what verbs that run pytest hand on to it."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def options_of_a_run() -> str:
    """The options of a run, as a help text."""
    from editproof.study.options import declare_options

    lines = ["options of a run, handed on to pytest with all of its own:"]

    def add(flag: str, **told: Any) -> None:
        choices = f"{{{','.join(told['choices'])}}}" if told.get("choices") else ""
        lines.append(f"  {flag} {told.get('metavar', choices)}".rstrip())
        lines.extend(textwrap.wrap(told["help"], 100, initial_indent="      ", subsequent_indent="      "))

    declare_options(add)
    return "\n".join(lines) + "\n"
