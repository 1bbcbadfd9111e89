"""What a run may choose, as options: declared once for pytest, and for the help of the commands that hand them on.

The plug-in loads wherever it is installed, so that each option carries a prefix there, ``--editproof-editor``, in its
flag and in its destination. It is short, ``--editor``, where a repository opts in, and in the words of this project's
commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

PREFIX = "editproof-"
"""What the flag of each option begins with; its destination begins alike, with an underscore."""

OF_COLUMNS = {
    "columns": ("OURS=THEIRS", "what columns are called: case=sub,arm=defaced, original=A,edited=B,reference=C"),
    "arms": ("ARM=WORD", "what the arms are called: original=pre,edited=post"),
    "quantity": ("NAME", "quantities to judge; of a wide table, the columns that hold them: cjv,cnr"),
    "unit": ("NAME=UNIT", "unit of a quantity: bone_age=months"),
    "strata": ("NAME", "columns that subgroups are formed on: site,sex"),
}
"""What is said of the columns of a table of readings: ``--readings-NAME``, and ``--NAME`` of ``editproof judge``."""


def declare_options(add: Callable[..., None]) -> None:
    """Declare the options of a run. Margins are not among them: they live in suites alone.

    Parameters
    ----------
    add : callable
        Takes the flag and what :meth:`argparse.ArgumentParser.add_argument` takes by name.
    """
    add(
        "--editor",
        action="append",
        metavar="SPEC",
        help="tool to judge: [ITS NAME=]NAME[:ARGUMENT] or PATH.py:FACTORY; repeatable",
    )
    add(
        "--study",
        action="append",
        metavar="FILE",
        help="study file, e.g. study.toml; an option takes the place of what it says",
    )
    add("--prompt", metavar="TEXT", help="what tools that take words are told")
    add("--dataset", metavar="SPEC", help="cohort: NAME[:ARGUMENT], e.g. rsna:PATH")
    _declare_options_of_readings(add)
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
    add("--executor", default="local", metavar="NAME", help="what works on the cases: local (default), ray")
    add(
        "--ray-address",
        default="",
        metavar="HOST:PORT",
        help="with --executor ray: a cluster's head; else one is started",
    )
    add("--allow-egress", action="append", metavar="HOST", help="host that may receive radiographs; repeatable")
    add("--max-cost", type=float, metavar="USD", help="what this run may spend on edits")
    add("--max-edits", type=int, metavar="N", help="edits that each tool may be asked for in this run")
    words = "failures in a row of one cause that end the run where no edit came back (default: 5); 0 for none"
    add("--same-failures", type=int, default=5, metavar="N", help=words)
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
    add("--lock-for-gate", action="store_true", help="with --write-lock: another version of a tool may be judged by it")
    add("--replace-lock", action="store_true", help="with --write-lock: over a lock that is there")


def _declare_options_of_readings(add: Callable[..., None]) -> None:
    """Declare how a table of readings is named and read."""
    add("--readings", metavar="FILE", help="judge this table of readings (CSV, TSV, Parquet): no image, no tool")
    add("--cohort-table", metavar="FILE", help="with --readings: table with a row for each case of the cohort")
    for name, (metavar, words) in OF_COLUMNS.items():
        told = f"with --readings: {words}; repeatable"
        add(f"--readings-{name}", metavar=metavar, help=told, action="append", default=[])
    add("--readings-tool", default="", metavar="NAME", help="with --readings: the tool whose edits were read")


@cache
def flags() -> tuple[str, ...]:
    """The short flag of each option: ``--editor``, ``--dataset``, ..."""
    found: list[str] = []
    declare_options(lambda flag, **told: found.append(flag))
    return tuple(found)


def prefixed(flag: str) -> str:
    """The flag of an option as it is everywhere.

    Examples
    --------
    >>> prefixed("--editor")
    '--editproof-editor'
    """
    return f"--{PREFIX}{flag.removeprefix('--')}"


def destination(flag: str) -> str:
    """Where pytest keeps what was given for an option.

    Examples
    --------
    >>> destination("--study-seed")
    'editproof_study_seed'
    """
    return prefixed(flag).removeprefix("--").replace("-", "_")


def handed_on(words: Iterable[str]) -> Iterator[str]:
    """Words of a command line with each option of ours under its prefixed flag, which pytest knows in any repository.

    Examples
    --------
    >>> list(handed_on(["validations", "--editor", "identity", "--jobs=1", "-k", "sex", "--tb=no"]))
    ['validations', '--editproof-editor', 'identity', '--editproof-jobs=1', '-k', 'sex', '--tb=no']
    """
    for word in words:
        flag, equals, value = word.partition("=")
        yield f"{prefixed(flag)}{equals}{value}" if flag in flags() else word


def in_full(text: str) -> str:
    """A text for a reader in whose repository options are not short.

    Examples
    --------
    >>> in_full("name one with --editor, e.g. --editor identity; --edit is none")
    'name one with --editproof-editor, e.g. --editproof-editor identity; --edit is none'
    """
    pattern = rf"(?<![\w-])(?:{'|'.join(map(re.escape, flags()))})(?![\w-])"

    def whole(found: re.Match[str]) -> str:
        return prefixed(found[0])

    return re.sub(pattern, whole, text)
