"""The package as others have it: its wheel, built once, in an environment of its own outside the checkout.

Two environments are made that hold the libraries of the running one, and nothing of this checkout: ``installed`` has
the wheel, ``plain`` does not. Tests of other folders take the fixtures by importing them in their ``conftest.py``::

    from tests.doors.outside import outside, run_outside  # noqa: F401

    def test_a_users_suite(run_outside, tmp_path):
        write_files(tmp_path, {"test_own.py": ...})
        done = run_outside(tmp_path, "-m", "pytest", "-q")
        assert done.returncode == 0, done.stdout
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 300
OF_THE_RUN = ("PYTHON", "PYTEST_", "COVERAGE_", "COV_CORE_", "VIRTUAL_ENV")
"""Beginnings of the names of variables that say how this test run goes; no run outside inherits them."""

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Environment:
    """A virtual environment outside the checkout."""

    folder: Path

    @property
    def python(self) -> Path:
        return self._path("scripts") / "python"

    @property
    def packages(self) -> Path:
        """Where its distributions are."""
        return self._path("purelib")

    def run(
        self, folder: Path, *args: object, path: tuple[Path, ...] = (), more: Mapping[str, str] | None = None
    ) -> Done:
        """What Python came to with these arguments, in that folder; ``path`` becomes ``PYTHONPATH``, ``more`` is set too."""
        return subprocess.run(
            [self.python, *map(str, args)],
            cwd=folder, env={**self.variables(path), **(more or {})}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip

    def variables(self, path: tuple[Path, ...] = ()) -> dict[str, str]:
        """The environment variables of its processes, its programs found first."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_RUN)}
        kept["PATH"] = os.pathsep.join([str(self.python.parent), kept.get("PATH", "")])
        return kept | ({"PYTHONPATH": os.pathsep.join(map(str, path))} if path else {})

    def _path(self, name: str) -> Path:
        return Path(sysconfig.get_path(name, "venv", {"base": str(self.folder), "platbase": str(self.folder)}))


@dataclass(frozen=True)
class Outside:
    """The wheel, and two environments that differ in it alone."""

    folder: Path

    @property
    def wheel(self) -> Path:
        (found,) = self.folder.glob("*.whl")
        return found

    @property
    def installed(self) -> Environment:
        return Environment(self.folder / "installed")

    @property
    def plain(self) -> Environment:
        return Environment(self.folder / "plain")


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Outside:
    """The wheel and both environments, made once for all workers of a session."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "outside"
    made = shared / "made"
    with FileLock(f"{shared}.lock"):
        if not made.exists():
            make(shared)
            made.touch()
    return Outside(shared)


@pytest.fixture(scope="session")
def run_outside(outside: Outside) -> Callable[..., Done]:
    """``run_outside(folder, *args)``: Python with the wheel installed, in a folder, with these arguments."""
    return outside.installed.run


def make(folder: Path) -> None:
    """Build the wheel in a folder, and beside it the two environments."""
    folder.mkdir(parents=True, exist_ok=True)
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    _pip("wheel", "-q", "--no-deps", *isolation, "-w", folder, ROOT)
    built = Outside(folder)
    for environment in (built.installed, built.plain):
        venv.create(environment.folder, symlinks=os.name != "nt")
        _share_libraries(environment.packages)
    install(built.wheel, built.installed)


def install(wheel: Path, environment: Environment) -> None:
    """Install the wheel into an environment, and nothing that it requires."""
    _pip("--python", environment.python, "install", "-q", "--no-deps", "--no-index", wheel)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files by their paths below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _share_libraries(packages: Path) -> None:
    """Link all that the running environment has installed, but this package, into another environment."""
    for place in dict.fromkeys(sys.path):
        if Path(place).name not in ("site-packages", "dist-packages"):
            continue
        for entry in Path(place).iterdir():
            if entry.name not in {*_own_entries(), "__pycache__"} and not (packages / entry.name).exists():
                (packages / entry.name).symlink_to(entry)


def _own_entries() -> set[str]:
    """What this package has put into the running environment, editable or not."""
    try:
        files = distribution("editproof").files or ()
    except PackageNotFoundError:
        return set()
    return {file.parts[0] for file in files}


def _pip(*args: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, args)],
        cwd=ROOT.parent, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
