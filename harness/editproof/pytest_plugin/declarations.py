"""What the plug-in declares: hooks by which a repository wires its own study, and the options of a run."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest

from editproof.pytest_plugin.unasked import add_readings_options

PREFIX = "pytest_editproof_"


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
                near = get_close_matches(name, known, n=1)
                advice = f"Did you mean {near[0]}?" if near else f"Hooks are {', '.join(known)}."
                return f"hook {name} in {getattr(plugin, '__file__', plugin)}: there is no such hook. {advice}"
    return ""


def add_options(parser: pytest.Parser) -> None:
    """Declare what a run may choose. Margins are not among it: they live in test files alone."""
    add = parser.getgroup("editproof", "clinical acceptance of image-editing tools").addoption
    add(
        "--editor",
        action="append",
        metavar="SPEC",
        help="tool to judge: NAME[:ARGUMENT] or PATH.py:FACTORY; repeatable",
    )
    add(
        "--study",
        metavar="FILE",
        help="study file, e.g. study.toml; an option takes the place of what it says",
    )
    add("--prompt", metavar="TEXT", help="what tools that take words are told")
    add("--dataset", metavar="SPEC", help="cohort: NAME[:ARGUMENT], e.g. rsna:PATH")
    add_readings_options(add)
    add(
        "--instrument",
        action="append",
        metavar="SPEC",
        help="what reads the images: card.json, or PATH.py:FACTORY; repeatable",
    )
    add("--trust-instrument", action="store_true", help="let the card's own code run (TorchScript, Python)")
    add("--output", metavar="GEOMETRY", help="size of the edits: same (default), x2, HEIGHTxWIDTH")
    add("--repeats", type=int, metavar="N", help="edits requested per case (default: 3)")
    add("--study-seed", type=int, metavar="N", help="root of every edit's seed (default: 0)")
    add("--store", default=".editproof", metavar="DIR", help="where edits and readings are kept (default: .editproof)")
    add("--reports", default="reports", metavar="DIR", help="where evidence and report go (default: reports)")
    add("--jobs", type=int, default=0, metavar="N", help="worker processes (default: one per core)")
    add("--allow-egress", action="append", metavar="HOST", help="host that may receive radiographs; repeatable")
    add("--max-cost", type=float, metavar="USD", help="what this run may spend on edits")
    add("--max-edits", type=int, metavar="N", help="edits that each tool may be asked for in this run")
    add(
        "--edits",
        choices=("record-missing", "reuse", "live"),
        default="record-missing",
        help="ask tools for what is not in the store, for nothing, or for everything anew",
    )
    add("--edit-only", action="store_true", help="make the edits and run no test: what `editproof edit` does")
    add("--edit-threads", type=int, default=0, metavar="N", help="requests at once (default: what the tool likes)")
    add("--edit-planted", action="store_true", help="with --edit-only: the edits of planted structures too")
    add("--edit-estimate", action="store_true", help="with --edit-only: say what would be made and what it may cost")
    add("--report-images", choices=("all", "none"), default="all", help="'none' leaves radiographs out of the report")
    add(
        "--shard",
        default="",
        metavar="I/N",
        help="measure only that part of the cohort; join the runs: editproof merge",
    )
    add("--sign-key", metavar="FILE", help="private key that signs the evidence: Ed25519 or ECDSA P-256, PEM")
    add("--signer", default="", metavar="NAME", help="with --sign-key: who signs")
    add("--meaning", default="", metavar="TEXT", help="with --sign-key: what the signature means, e.g. 'approval'")
    add("--lock", metavar="FILE", help="protocol locked before the edits; a run that departs from it exits with 9")
    add("--allow-departures", action="store_true", help="let it depart from the lock, and be EXPLORATORY alone")
    add("--write-lock", metavar="FILE", help="write that protocol, without making one edit")
    add("--replace-lock", action="store_true", help="with --write-lock: over a lock that is there")
    parser.addini("editproof_editors", "tools to judge where no --editor is given", type="args", default=[])
    parser.addini("editproof_dataset", "cohort where no --dataset is given", default="")
    parser.addini("editproof_study", "study file where no --study is given", default="")
    parser.addini("editproof_register", "TOML file of the requirements and hazards that criteria name", default="")
