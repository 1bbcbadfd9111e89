"""Short names for a repository that opts in: ``--editor`` for ``--editproof-editor``, ``study`` and ``judge``.

A repository opts in by its configuration, ``addopts = "-p editproof.pytest_plugin.short"``, or by its root
``conftest.py``, ``pytest_plugins = ["editproof.pytest_plugin.short"]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator
from typing import Any

import pytest

from editproof.pytest_plugin.fixtures import judge, study
from editproof.study.options import declare_options, destination, prefixed

__all__ = ["judge", "pytest_addoption", "pytest_load_initial_conftests", "study"]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the short flags where a conftest asks for them; its own are declared already.

    Named by ``-p``, this plug-in comes before any conftest, whose own flags are not known yet: then it waits for them.
    """
    if getattr(pluginmanager, "_conftest_plugins", True):
        _declare(parser)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Generator[None]:
    """Declare them after the root conftest has declared its own."""
    yield
    _declare(parser)


def _declare(parser: pytest.Parser) -> None:
    """Declare the short flags; one that the repository has for itself stays its own."""
    group = parser.getgroup("editproof, short", "short flags, since this repository asked for them")

    def add(flag: str, **told: Any) -> None:
        told["help"] = f"{prefixed(flag)}: {told['help']}"
        try:
            group.addoption(flag, dest=destination(flag), **told)
        except (ValueError, argparse.ArgumentError):
            return

    declare_options(add)
