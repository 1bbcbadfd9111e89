"""Templates compiled once and kept, as Python keeps modules, and on the same terms."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from jinja2.bccache import Bucket

ROOMS = ("report", "core", "evidence", "types")
"""Whose functions a compiled template may have called already: filters of constants are worked out once."""


class CompiledTemplates(BytecodeCache):
    """Compiled templates in the folder in which Python keeps the compiled modules beside them.

    One is used while its template, every module of ``ROOMS``, Jinja and Python are those that it was made with.
    Nothing is written where Python writes no modules (``PYTHONDONTWRITEBYTECODE``) or the folder is closed.

    Parameters
    ----------
    templates : Path
        The folder of the templates.
    """

    def __init__(self, templates: Path) -> None:
        self.folder = Path(cache_from_source(str(templates / "any.py"))).parent
        self.made_with = _made_with(Path(__file__).parents[2])

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, where there is one of this very code."""
        try:
            with self._path(bucket).open("rb") as file:
                bucket.load_bytecode(file)
        except OSError:
            return

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, in one step."""
        if sys.dont_write_bytecode:
            return
        temporary = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".part-")
            with os.fdopen(handle, "wb") as file:
                bucket.write_bytecode(file)
            os.replace(temporary, self._path(bucket))
        except OSError:
            if temporary:
                Path(temporary).unlink(missing_ok=True)

    def _path(self, bucket: Bucket) -> Path:
        key = hashlib.sha256(f"{self.made_with} {bucket.key} {bucket.checksum}".encode()).hexdigest()
        return self.folder / f"{key[:32]}.template"


def _made_with(package: Path) -> str:
    """What compiled templates depend on beside their text: size and time of modules, as Python looks at its own."""
    stamps = [f"{sys.version} {jinja2.__version__}"]
    for path in sorted(path for room in ROOMS for path in (package / room).rglob("*.py")):
        stat = path.stat()
        stamps.append(f"{path} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(stamps).encode()).hexdigest()
