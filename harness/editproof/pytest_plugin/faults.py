"""What is wrong with what was asked, found after tests are made: claims do not run for it, and other tests do."""

from __future__ import annotations

from typing import NoReturn

import pytest

from editproof.pytest_plugin.declarations import said

FAULT = "editproof_fault"
NOT_JUDGED = "editproof stopped; its last line says why"
_FOUND = pytest.StashKey[str]()


def note_fault(config: pytest.Config, words: object) -> str:
    """Keep what is wrong, so that the session ends with exit code 4; the first of several counts."""
    told = said(config, words).removeprefix("editproof: ")
    return config.stash.setdefault(_FOUND, f"editproof: {told}")


def noted_fault(config: pytest.Config) -> str:
    """What is wrong, in one line; empty where nothing is."""
    return config.stash.get(_FOUND, "")


def stop_claims(config: pytest.Config, words: object) -> NoReturn:
    """End a claim that cannot be judged, and those after it; the session ends with the one line that says why."""
    note_fault(config, words)
    pytest.skip(NOT_JUDGED)


class Faults:
    """A plug-in of every process of a session: workers tell the process that reports what they found wrong."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """In a worker, tell it."""
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[FAULT] = noted_fault(self.config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        """Take it over from a worker."""
        if found := getattr(node, "workeroutput", {}).get(FAULT, ""):
            self.config.stash.setdefault(_FOUND, found)
