"""Pages of the reference that are made from the code: rooms, commands, options, tools, metrics, fields of a record."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import editproof
from editproof.cli import command_line
from editproof.cli.verbs import HANDED
from editproof.editors.registry import described_editors
from editproof.editors.wrappers import WRAPPERS
from editproof.evidence import schemas
from editproof.metrics import METRICS
from editproof.study.options import declare_options

PACKAGE = Path(editproof.__file__).parent
"""Folder of the package."""


def packages() -> list[str]:
    """Rooms of the package, by name."""
    return sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def pages() -> Iterator[tuple[str, str]]:
    """Each page of the reference: its place on the site, and its Markdown."""
    for room in packages():
        yield f"python/{room}.md", f"# `editproof.{room}`\n\n::: editproof.{room}\n"
    yield "reference/commands.md", _commands()
    yield "reference/options.md", _options()
    yield "reference/tools.md", _tools()
    yield "reference/metrics.md", _metrics()
    for path in sorted(Path(schemas.__file__).parent.glob("*.json")):
        yield f"reference/{path.name.partition('.')[0]}.md", _record(path)


def _first_line(described: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(described) or "").partition("\n")[0].replace("``", "`")


def _table(*columns: str, rows: Iterator[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"


def _commands() -> str:
    """The commands of the command line, with their arguments."""
    parser = command_line()
    sections = ["# Commands\n"]
    for heading, verbs in parser.groups.items():
        sections.append(f"## {heading.capitalize()}\n")
        for name, words in verbs:
            sections.extend(_command(f"editproof {name}", words, parser.commands[name]))
    return "\n".join(sections)


def _command(name: str, words: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """A command, what it is for and its arguments; then each command below it."""
    yield f"### `{name}`\n\n{_plain(words[:1].upper() + words[1:].rstrip('.'))}.\n"
    actions = [action for action in parser._actions if action.dest not in ("help", HANDED)]
    arguments = [action for action in actions if not isinstance(action, argparse._SubParsersAction)]
    if arguments:
        yield _table("argument", "what it says", rows=map(_argument, arguments))
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):
            said = {each.dest: str(each.help or "") for each in action._choices_actions}
            for below, its_parser in action.choices.items():
                yield from _command(f"{name} {below}", said.get(below, ""), its_parser)


def _argument(action: argparse.Action) -> tuple[str, str]:
    named = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    value = f" {action.metavar}" if action.option_strings and action.metavar else ""
    return f"`{named}{value}`", _plain(str(action.help or ""))


def _plain(words: str) -> str:
    """Words in which brackets are no links."""
    return words.replace("[", r"\[")


def _options() -> str:
    """The options of a run."""
    rows: list[tuple[str, ...]] = []

    def add(flag: str, **told: Any) -> None:
        rows.append((f"`{flag} {told.get('metavar') or ''}".strip() + "`", told["help"]))

    declare_options(add)
    return (
        "# Options of a run\n\nOf `pytest`, `editproof run`, `edit` and `lock`. Limits are not among them: they are in "
        "suites alone.\n\n" + _table("option", "what it says", rows=iter(rows))
    )


def _tools() -> str:
    """The tools that are built in or installed with their options, and what can be put around one."""
    sections = ["# Tools\n\nWhat `--editor` takes.\n"]
    for tool in described_editors():
        sections.append(f"## `{tool.name}`\n\n{tool.usage.help}; {tool.receiver}. Written `{tool.written}`.\n")
        rows = ((f"`{each.name}`", each.help, each.kind.words, f"`{each.default}`") for each in tool.usage.options)
        if tool.usage.options:
            sections.append(_table("option", "what it says", "value", "default", rows=rows))
    around = ((f"`{name}+SPEC`", _first_line(each)) for name, each in WRAPPERS.items())
    return "\n".join([*sections, "## Wrappers\n", _table("written", "what it does", rows=around)])


def _metrics() -> str:
    """The registered metrics of image pairs."""
    rows = (
        (f"`{name}`", _first_line(METRICS[name].compute), ", ".join(f"`{out.name}`" for out in METRICS[name].outputs))
        for name in METRICS.names
    )
    return "# Metrics of an image pair\n\n" + _table("metric", "what it measures", "numbers", rows=rows)


def _record(path: Path) -> str:
    """The fields of a record, from its JSON schema."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    sections = [f"# {path.name.partition('.')[0]}\n\n{schema['description']} JSON Schema: `{schema['$id']}`.\n"]
    for name, part in {"The record": schema, **schema["$defs"]}.items():
        said = "" if part is schema else f"{part.get('description', '')}\n\n"
        rows = ((f"`{field}`", _kind(kind)) for field, kind in part.get("properties", {}).items())
        sections.append(f"## {name}\n\n{said}" + _table("field", "kind", rows=rows))
    return "\n".join(sections)


def _kind(told: dict[str, Any]) -> str:
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in told:
        return " or ".join(_kind(one) for one in told["anyOf"])
    if told.get("type") == "array":
        return f"list of {_kind(told.get('items', {}))}"
    return f"`{json.dumps(told['const'])}`" if "const" in told else str(told.get("type", "any value"))


if __name__ == "__main__":
    for name, content in pages():
        print(f"<!-- {name} -->\n{content}")
