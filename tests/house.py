"""The structure of the package as its imports make it: ``python -m tests.house [FOLDER]`` prints it.

A room is a package or module directly below the folder; a level is one more than the highest level that a room
imports from. Every import counts, those inside functions and those for type checking too.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

NAME = "editproof"
BY_NAME = {"import_module", "imported", "__import__"}


@dataclass(frozen=True, order=True)
class Arrow:
    """One module's import of a module of another room."""

    module: str
    imported: str

    @property
    def room(self) -> str:
        return self.module.partition("/")[0].removesuffix(".py")

    @property
    def to_room(self) -> str:
        return self.imported.split(".")[1]


@dataclass(frozen=True)
class House:
    """The package below a folder, whose import name is ``name``."""

    folder: Path
    name: str = NAME

    @cached_property
    def modules(self) -> dict[str, set[str]]:
        """What each module imports, by its path below the folder; the front door, which imports lazily, left out."""
        paths = (path for path in sorted(self.folder.rglob("*.py")) if path != self.folder / "__init__.py")
        return {path.relative_to(self.folder).as_posix(): _imported(path) for path in paths}

    @cached_property
    def rooms(self) -> set[str]:
        return {module.partition("/")[0].removesuffix(".py") for module in self.modules}

    @cached_property
    def arrows(self) -> list[Arrow]:
        """Imports from one room to another, one a pair of modules."""
        ours = [
            Arrow(module, name)
            for module, names in self.modules.items()
            for name in names
            if name.startswith(f"{self.name}.") and name.split(".")[1] in self.rooms
        ]
        return sorted({arrow for arrow in ours if arrow.room != arrow.to_room})

    @cached_property
    def below(self) -> dict[str, set[str]]:
        """The rooms that each room imports from."""
        return {room: {arrow.to_room for arrow in self.arrows if arrow.room == room} for room in self.rooms}

    def cycles(self) -> list[tuple[str, str]]:
        """Pairs of rooms each of which reaches the other by imports."""
        reached = {room: self._reached(room) for room in self.rooms}
        return sorted((a, b) for a in self.rooms for b in reached[a] if a < b and a in reached[b])

    def levels(self) -> list[set[str]]:
        """Rooms by level, the lowest first."""
        if self.cycles():
            raise ValueError(f"rooms import each other: {self.cycles()}")
        height: dict[str, int] = {}

        def high(room: str) -> int:
            if room not in height:
                height[room] = 1 + max(map(high, self.below[room]), default=-1)
            return height[room]

        return [{room for room in self.rooms if high(room) == level} for level in range(1 + max(map(high, self.rooms)))]

    def relative(self) -> list[str]:
        """Modules with a relative import."""
        return [module for module, names in self.modules.items() if "" in names]

    def importers(self, library: str) -> set[str]:
        """Modules that import a library or a part of it, by an import or by its name in a call of ``import_module``."""
        by_name = {module: names | _imported_by_name(self.folder / module) for module, names in self.modules.items()}
        return {module for module, names in by_name.items() if library in {name.split(".")[0] for name in names}}

    def defined_twice(self) -> dict[str, list[str]]:
        """Modules by name, of each public function or class that more than one of them defines at its top level."""
        homes: dict[str, list[str]] = {}
        for module in self.modules:
            for name in _public_names(self.folder / module):
                homes.setdefault(name, []).append(module)
        return {name: modules for name, modules in sorted(homes.items()) if len(modules) > 1}

    def lengths(self) -> dict[str, int]:
        """Lines of each module."""
        return {module: len((self.folder / module).read_text().splitlines()) for module in self.modules}

    def _reached(self, room: str) -> set[str]:
        seen: set[str] = set()
        waiting = [room]
        while waiting:
            new = self.below[waiting.pop()] - seen
            seen |= new
            waiting += new
        return seen


def _imported(path: Path) -> set[str]:
    """Names that a module imports, each as far as it may name a module; an empty one for a relative import."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "" if node.level else str(node.module)
            names |= {module} if node.level else {f"{module}.{alias.name}" for alias in node.names}
    return names


def _public_names(path: Path) -> set[str]:
    """Functions and classes of a module's top level, those behind a condition there too, without an underscore."""
    found: set[str] = set()
    waiting: list[ast.stmt] = list(ast.parse(path.read_text()).body)
    for node in waiting:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.If, ast.Try)):
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return {name for name in found if not name.startswith("_")}


def _imported_by_name(path: Path) -> set[str]:
    """Names given as text to a function that imports."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and node.args]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in BY_NAME
    }


def main(folder: Path, name: str) -> None:
    house = House(folder, name)
    pairs = {(arrow.room, arrow.to_room) for arrow in house.arrows}
    if cycles := house.cycles():
        print(f"{len(house.rooms)} rooms, {len(pairs)} arrows, {len(cycles)} pairs that import each other")
        for one, other in cycles:
            print(f"  {one} <-> {other}")
        return
    levels = house.levels()
    print(f"{len(house.rooms)} rooms, {len(levels)} levels, {len(pairs)} arrows, 0 upward")
    for number, rooms in reversed(list(enumerate(levels))):
        print(f"  {number}  {', '.join(sorted(rooms))}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "harness/editproof"), sys.argv[2] if len(sys.argv) > 2 else NAME)
