"""What the plug-in declares: hooks by which a repository wires its own study, and the options of a run.

Everything carries a prefix, so that nothing is taken from a repository that never asked for this package.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from editproof.study.options import declare_options, destination, in_full, prefixed

PREFIX = "pytest_editproof_"

SHORT = ("editproof.pytest_plugin.short", "editproof.pytest_plugin.command")
"""Plug-ins under which a user writes ``--editor`` and not ``--editproof-editor``."""


class Hooks:
    """Hooks by which a repository's ``conftest.py`` wires its own study."""

    @pytest.hookspec
    def pytest_editproof_editors(self, config: pytest.Config) -> dict[str, Any]:
        """Further editor factories by name; module-level functions, so that workers can make them too."""
        raise NotImplementedError

    @pytest.hookspec
    def pytest_editproof_datasets(self, config: pytest.Config) -> dict[str, Any]:
        """Further dataset factories by name."""
        raise NotImplementedError

    @pytest.hookspec
    def pytest_editproof_estimands(self, config: pytest.Config) -> list[Any]:
        """Factories of own estimands, marked by ``@estimand``; they decide claims in every process."""
        raise NotImplementedError

    @pytest.hookspec
    def pytest_editproof_metrics(self, config: pytest.Config) -> list[Any]:
        """Own image metrics, made with ``@metric`` at the top level of a file; they are measured in every process."""
        raise NotImplementedError

    @pytest.hookspec(firstresult=True)
    def pytest_editproof_instrument(self, config: pytest.Config, dataset: str) -> Path | None:
        """Card file of the instrument that reads the named dataset, where neither option nor study file names one."""


def unknown_hook(plugins: Iterable[object]) -> str:
    """What is the matter with a hook of ours that some plug-in misspells; empty where none does."""
    known = [name for name in vars(Hooks) if name.startswith(PREFIX)]
    for plugin in plugins:
        for name in getattr(plugin, "__dict__", {}):
            if str(name).startswith(PREFIX) and name not in known:
                from editproof.core.nearest import nearest  # imports nothing in a repository without such a hook

                near = nearest(name, known)
                advice = f"Did you mean {near[0]}?" if near else f"Hooks are {', '.join(known)}."
                return f"hook {name} in {getattr(plugin, '__file__', plugin)}: there is no such hook. {advice}"
    return ""


def add_options(parser: pytest.Parser) -> None:
    """Declare what a run may choose. Margins are not among it: they live in test files alone."""
    group = parser.getgroup("editproof", "clinical acceptance of image-editing tools")
    declare_options(lambda flag, **told: group.addoption(prefixed(flag), dest=destination(flag), **told))
    parser.addini("editproof_editors", "tools to judge where no tool is named", type="args", default=[])
    parser.addini("editproof_dataset", "cohort where none is named", default="")
    parser.addini("editproof_study", "study file where none is named", default="")
    parser.addini("editproof_register", "TOML file of the requirements and hazards that criteria name", default="")


class RunOptions:
    """What was given for the options of this package, by their short names: ``RunOptions(config).study_seed``."""

    def __init__(self, config: pytest.Config) -> None:
        self._given = config.option

    def __getattr__(self, name: str) -> Any:
        """What was given, under the one destination that no other plug-in has."""
        return getattr(self._given, f"editproof_{name}")


def said(config: pytest.Config, words: object) -> str:
    """What a user is told, each option called as it is to be written in this repository."""
    text = str(words)
    return text if any(map(config.pluginmanager.hasplugin, SHORT)) else in_full(text)


def refusal(config: pytest.Config, words: object) -> pytest.UsageError:
    """The one line that wrong usage ends in, with exit code 4."""
    return pytest.UsageError(f"editproof: {said(config, words)}")
