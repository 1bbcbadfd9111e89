"""Options that nobody declares: one line with the nearest of ours, where ours were asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from editproof.pytest_plugin.declarations import SHORT, refusal
from editproof.study.options import PREFIX, flags, prefixed


def check_spelling(config: pytest.Config, parser: pytest.Parser, words: Sequence[str]) -> None:
    """Refuse an option that neither pytest nor a plug-in has, if a command of ours was called or it has our prefix.

    Raises
    ------
    pytest.UsageError
        In one line, with the nearest option; pytest itself would name its own program in four.
    """
    ours = any(map(config.pluginmanager.hasplugin, SHORT))
    if not ours and not any(word.startswith(f"--{PREFIX}") for word in words):
        return
    unknown = [word.partition("=")[0] for word in parser.parse_known_and_unknown_args(words)[1] if word[:1] == "-"]
    misspelt = [flag for flag in unknown if flag != "--" and (ours or flag.startswith(f"--{PREFIX}"))]
    if misspelt:
        from editproof.core.nearest import did_you_mean  # imports nothing in a repository that asks for nothing

        known = flags() if ours and not misspelt[0].startswith(f"--{PREFIX}") else tuple(map(prefixed, flags()))
        found = "neither pytest nor a plug-in that is installed has it"
        raise refusal(config, f"option {misspelt[0]}: {found}. {did_you_mean(misspelt[0], known)}See pytest --help.")
