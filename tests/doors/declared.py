"""Environments that hold what a user installs and nothing else: ``pip install 'editproof[dicom]'``, without a download.

The wheel is installed; of the libraries of the running environment those are linked that the wheel requires, with the
extras that are named. What the project's own environment has besides is not there, as it is not at a user's.
"""

from __future__ import annotations

import os
import shutil
import venv
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from filelock import FileLock
from packaging.requirements import Requirement

from tests.doors.outside import Environment, Outside, install

SCRIPT = """#!{python}
import sys
from {module} import {function}
if __name__ == "__main__":  # processes that it spawns import it
    sys.exit({function}())
"""


def environment(outside: Outside, extras: Iterable[str] = ()) -> Environment:
    """The environment of ``pip install 'editproof[EXTRAS]'``, made once for all workers of a session.

    Skips the test where the running environment lacks one of the libraries, which CI does not let it.
    """
    extras = sorted(extras)
    made = Environment(outside.folder / "-".join(["declared", *extras]))
    ready = made.folder / "ready"
    with FileLock(f"{made.folder}.lock"):
        if not ready.exists():
            venv.create(made.folder, symlinks=os.name != "nt")
            install(outside.wheel, made)
            try:
                libraries = required(_requirements_of_the_wheel(made), extras)
            except PackageNotFoundError as error:
                pytest.skip(f"needs {error.name}, which this environment was made before; run make test")
            for library in libraries:
                _link(library, made)
            ready.touch()
    return made


def required(requirements: Iterable[Requirement], extras: Iterable[str] = ()) -> list[Distribution]:
    """Every distribution that these requirements lead to, with the extras, in the running environment.

    Raises
    ------
    PackageNotFoundError
        Where one is not installed here.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(one, extra) for one in requirements for extra in ("", *extras)]
    while waiting:
        requirement, asked = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked}):
            continue
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) not in seen:
                seen.add((requirement.name, extra))
                if requirement.name != "editproof":
                    found[requirement.name] = distribution(requirement.name)
                waiting += [(Requirement(one), extra) for one in distribution(requirement.name).requires or ()]
    return list(found.values())


def _requirements_of_the_wheel(made: Environment) -> list[Requirement]:
    (metadata,) = made.packages.glob("editproof-*.dist-info")
    return [Requirement(one) for one in Distribution.at(metadata).requires or ()]


def _link(library: Distribution, made: Environment) -> None:
    """Put a library and its commands into an environment."""
    for top in sorted({file.parts[0] for file in library.files or () if file.parts[0] not in ("..", "__pycache__")}):
        target, source = made.packages / top, Path(str(library.locate_file(top)))
        if target.exists() or not source.exists():
            continue
        if top == "cv2":  # looks for itself at the place that a symbolic link leads to
            shutil.copytree(source, target, symlinks=True)
        else:
            target.symlink_to(source)
    for name, module, function in _commands(library):
        script = made.python.parent / name
        script.write_text(SCRIPT.format(python=made.python, module=module, function=function), encoding="utf-8")
        script.chmod(0o755)


def _commands(library: Distribution) -> Iterator[tuple[str, str, str]]:
    declared = ConfigParser(delimiters=("=",))
    declared.read_string(library.read_text("entry_points.txt") or "")
    if declared.has_section("console_scripts"):
        for name, value in declared["console_scripts"].items():
            module, _, function = value.partition(":")
            yield name, module.strip(), function.partition("[")[0].strip()
