"""Tools and their edits: which there are, what they make of a mask, the edits alone, the store that keeps them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli.handing import run_pytest
from editproof.cli.verbs import hand_on
from editproof.core.files import store_named
from editproof.core.numbers import dollars
from editproof.errors import EditorError
from editproof.evidence.exits import CONFORMS, DOES_NOT_CONFORM, PROVES_NOTHING

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs


SILENT = ("unchanged", "not known")
"""Findings on a mask that show nothing of it."""


def add_to(verbs: Verbs) -> None:
    """Declare ``edit``, ``store``, ``probe`` and ``editors``."""
    edit = verbs.add_parser("edit", help="make the edits alone: editproof edit --editor SPEC --dataset SPEC ...")
    edit.add_argument("--planted", action="store_true", help="the edits of planted structures too")
    edit.add_argument("--dry-run", action="store_true", help="say what would be made and what it may cost")
    hand_on(edit)
    edit.set_defaults(action=_edit)
    store = verbs.add_parser("store", help="check that everything in a store of edits is as it was written")
    store.add_argument("root", type=store_named, metavar="DIR", help="folder or URL of the store, e.g. .editproof")
    store.set_defaults(action=_store)
    probe = verbs.add_parser("probe", help="find out with five small edits what a tool makes of its mask")
    probe.add_argument("editor", metavar="SPEC", help="as for --editor")
    probe.add_argument("--allow-egress", action="append", default=[], metavar="HOST")
    probe.add_argument("--store", type=store_named, default=Path(".editproof"), metavar="DIR")
    probe.set_defaults(action=_probe)
    editors = verbs.add_parser("editors", help="list the tools that --editor knows")
    editors.set_defaults(action=_editors)


def _edit(options: argparse.Namespace) -> int:
    asked = ["--edit-estimate"] * options.dry_run + ["--edit-planted"] * options.planted
    return run_pytest(["--edit-only", *asked, *options.pytest])


def _store(options: argparse.Namespace) -> int:
    from editproof.editing.ledger import Ledger, torn_words
    from editproof.editing.store import Store

    if isinstance(options.root, Path) and not options.root.is_dir():
        raise EditorError(f"store {options.root}", "there is no such folder", "Name the folder of a store: .editproof.")
    found = list(Store(options.root).faults())
    for fault in found:
        print(fault)
    ledger = Ledger(options.root)
    totals, torn = ledger.totals(), ledger.torn_lines()
    print(
        f"{options.root}: {len(found)} fault(s); {sum(totals.edits.values())} edits were asked for, "
        f"{dollars(totals.cost_usd)} paid; {len(totals.open)} requests were sent and never answered"
        f"{f'; {torn_words(torn)}' if torn else ''}"
    )
    return 1 if found else 0


def _probe(options: argparse.Namespace) -> int:
    from editproof.criteria.masks import described, mask_report
    from editproof.editing.edits import Edits
    from editproof.editors.probe import probed
    from editproof.editors.registry import editor_from_spec

    editor = editor_from_spec(options.editor, allow_egress=options.allow_egress)
    report = mask_report(editor.card.name, probed(editor, Edits(options.store).outcomes))
    print(described(report))
    if report.respected:
        return CONFORMS
    return PROVES_NOTHING if report.finding in SILENT else DOES_NOT_CONFORM


def _editors(options: argparse.Namespace) -> int:
    from editproof.editors.registry import described_editors
    from editproof.editors.wrappers import WRAPPERS

    tools = list(described_editors())
    name_width, receiver_width = (max(len(getattr(one, column)) for one in tools) for column in ("name", "receiver"))
    for tool in tools:
        print(f"{tool.name:{name_width}}  {tool.receiver:{receiver_width}}  {tool.usage.help}")
        if tool.usage.argument:
            print(f"    {tool.written}")
        for option in tool.usage.options:
            print(f"    {option.name}={option.default}  {option.help} ({option.kind.words})")
    print(f"wrappers, written WRAPPER+TOOL: {', '.join(WRAPPERS)}")
    return 0
