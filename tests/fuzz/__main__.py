"""Read changed files by every door for a time: ``python -m tests.fuzz --seconds 600 --seed 7``.

Each reading gives a value or an ``EditproofError``, within seconds and a bound of memory. Anything else is printed with
the file that caused it, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from editproof.errors import EditproofError

from tests.fuzz.doors import Door, doors

LONGEST_S = 20.0
"""Seconds that one reading may take."""
MOST_BYTES = 6 * 2**30
"""Address space that all readings may take."""


def fault_of(door: Door, content: bytes) -> str:
    """What is wrong with how a door takes a content, or ""."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            door.read(content, Path(folder))
        except EditproofError as error:
            if "\n" in str(error):
                return f"more than one line: {error}"
        except BaseException as error:
            return f"{type(error).__name__}: {error}\n{''.join(traceback.format_tb(error.__traceback__)[-3:])}"
    seconds = time.monotonic() - began
    return f"it took {seconds:.0f} s" if seconds > LONGEST_S else ""


def main(arguments: list[str] | None = None) -> int:
    """Try every door in turn until the time is over, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--door", help="one of them alone")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries of C complain there
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    found: dict[tuple[str, str], bytes] = {}
    tried: dict[str, int] = {}
    end = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory() as root, doors(Path(root)) as known:
        chosen = {name: door for name, door in known.items() if options.door in (None, name)}
        for name, door in chosen.items():
            assert not fault_of(door, door.sound), f"{name}: {fault_of(door, door.sound)}"
        number = 0
        while time.monotonic() < end:
            for name, door in chosen.items():
                content = door.change(door.sound, random.Random(f"{options.seed} {name} {number}"))
                tried[name] = tried.get(name, 0) + 1
                if (fault := fault_of(door, content)) and (name, fault.splitlines()[0][:60]) not in found:
                    found[name, fault.splitlines()[0][:60]] = content
                    print(f"{name}, number {number}: {fault}\n{content[:200]!r}\n", flush=True)
            number += 1
    print(f"seed {options.seed}: {', '.join(f'{name} {n}' for name, n in tried.items())}; {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
