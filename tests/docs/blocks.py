"""Tries what pages show, by the Python of the environment that they name: ``python blocks.py PAGE.md ...``.

It is run in an empty folder and imports this package from its wheel. Files of a page are written there; Python is
executed, study files, claims, cards, templates and questions are read by what reads them, and every command that the page
names has to be one, with options that it takes. What is wrong is printed, a line for each fault.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import shlex
import sys
import tomllib
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# ([\w/]+\.(?:py|toml))\b.*\n")
FENCED = re.compile(r"^```.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IN_A_BLOCK = re.compile(r"^(?:\w+=\S+ )*\s*((?:editproof|pytest) .*)$", re.MULTILINE)
IN_THE_TEXT = re.compile(r"`((?:editproof|pytest) [^`]+)`")
OF_PYTEST = {
    "--pyargs",
    "--collect-only",
    "--junitxml",
    "--strict",
    "--reruns",
    "--count",
    "--deselect",
    "--help",
    "--lf",
}
ELSEWHERE = "# where the model was trained"
"""First line of a block that is for another environment than editproof's; a program, too, is compiled alone."""


def blocks(page: str) -> list[tuple[str, str, str]]:
    """Language, file name or nothing, and content; a first line ``# own.py`` names the file too."""
    found = []
    for language, name, content in BLOCK.findall(page):
        told = NAMED.match(content)
        found.append((language, name or (told[1] if told and language == "python" else ""), content))
    return found


def write(page: str, folder: Path) -> None:
    """Write the files of a page."""
    for _, name, content in blocks(page):
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")


def commands(page: str) -> list[str]:
    """Command lines of the blocks and of the running text; continued lines are one."""
    page = page.replace("\\\n", " ")
    inside = [command for block in FENCED.findall(page) for command in IN_A_BLOCK.findall(block)]
    return inside + [" ".join(command.split()) for command in IN_THE_TEXT.findall(FENCED.sub("", page))]


def faults_of_command(command: str) -> Iterator[str]:
    """What a command has that it does not take."""
    parsers = _parsers()
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&<>")
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if set(word) <= set("|;&<>"):
                break
            words.append(word)
    except ValueError as error:
        yield f"{command}: {error}"
        return
    verb = "run" if words[0] == "pytest" else next(iter(words[1:]), "")
    if verb.startswith("-") or not verb.islower():
        return
    if verb not in parsers:
        yield f"{command}: {verb} is no command"
        return
    known = flags_of(parsers[verb]) | (OF_PYTEST if parsers[verb].get_default("pytest") is not None else set())
    for word in words[1:]:
        flag = re.match(r"--[a-z][\w-]*", word)
        if word == "--":
            return
        if flag and flag[0].replace("--editproof-", "--") not in known:
            yield f"{command}: {verb} takes no {flag[0]}"


@cache
def _parsers() -> dict[str, ArgumentParser]:
    from editproof.cli import command_line

    return dict(command_line().commands)


def flags_of(parser: ArgumentParser) -> set[str]:
    """Its options, and those of what is below it."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            found |= {flag for below in action.choices.values() for flag in flags_of(below)}
    return found


def try_block(language: str, name: str, content: str, names: dict) -> None:
    """Read or run a block; raises whatever is wrong with it."""
    if content.startswith(ELSEWHERE) or "sys.argv" in content:
        compile(content, "block", "exec")
    elif language == "python" and name:
        importlib.import_module(Path(name).with_suffix("").as_posix().replace("/", "."))
    elif language == "python":
        exec(compile(content, "block", "exec"), names)
    elif language == "toml":
        try_toml(tomllib.loads(content), content)
    elif language == "json":
        if content.lstrip().startswith("{"):
            try_json(json.loads(content), content)
        else:  # a part of one
            json.loads(f"{{{content}}}")


def try_toml(told: dict, content: str) -> None:
    """A study file, a table of claims, questions or a register."""
    from editproof.criteria.claim_tables import claims_from
    from editproof.study.readers.questions import read_questions
    from editproof.study.study_file import study_from

    path = Path("tried.toml")
    path.write_text(content, encoding="utf-8")
    if "schema" in told:
        study_from(told)
    elif "claim" in told:
        claims_from(path)
    elif "question" in told:
        read_questions(path)
    else:
        assert {"requirements", "hazards"} >= set(told), f"nothing reads {sorted(told)}"


def try_json(told: dict, content: str) -> None:
    """A card of an instrument, or a template of a service."""
    from editproof.editors.registry import editor_from_spec
    from editproof.instruments.card import read_card

    path = Path("tried.json")
    path.write_text(content, encoding="utf-8")
    if "runtime" in told:
        read_card(path)
    else:
        editor_from_spec(f"http:{path}")


def faults_of(page: str) -> Iterator[str]:
    """What is wrong on a page, tried in the current folder, which is empty."""
    write(page, Path())
    for command in commands(page):
        yield from faults_of_command(command)
    names: dict = {"__name__": "page"}
    for language, name, content in blocks(page):
        try:
            with redirect_stdout(io.StringIO()):
                try_block(language, name, content, names)
        except Exception as error:
            yield f"{language} {name}: {type(error).__name__}: {error} ({content.splitlines()[0]})"


def main() -> int:
    """Print the faults of the pages, each tried in a folder of its own, whose modules are forgotten afterwards."""
    sys.path.insert(0, "")
    home = Path.cwd()
    for at, path in enumerate(sys.argv[1:]):
        page = Path(path).read_text(encoding="utf-8")
        folder = home / str(at)
        folder.mkdir()
        os.chdir(folder)
        importlib.invalidate_caches()
        for fault in faults_of(page):
            print(f"{Path(path).name}: {fault}")
        os.chdir(home)
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(str(folder)):
                del sys.modules[name]
    return 0


if __name__ == "__main__":
    sys.exit(main())
