"""Who may import whom: written once, in the docstrings of the packages, and true.

The docstring of ``grader`` holds the floors of the house, those of rooms with shelves hold theirs: one floor
a line, from the top down. A module imports from floors below its own; each room says what it needs of them.
"""

import ast
import fnmatch
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import grader

ROOT = Path(grader.__file__).parent


def modules(root: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name, ``__init__`` by its package's."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = [root.name, *path.relative_to(root).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of our own that a module imports, anywhere in it: inside functions and conditions too."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        asked: list[str] = []
        if isinstance(node, ast.Import):
            asked = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join(filter(None, [*above, node.module]))
            asked = [
                f"{origin}.{alias.name}" if f"{origin}.{alias.name}" in known else origin
                for alias in node.names
            ]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            asked = [one.value for one in node.args if isinstance(one, ast.Constant)]
        yield from (one for one in asked if one in known)


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def floors(text: str) -> list[list[str]]:
    """The indented lines of a docstring that follow "from the top down:"; empty if it has none."""
    block = re.search(r"from the top down:\n\n((?: {4}.*\n?)+)", text)
    return [re.findall(r"[\w*]+", line.partition("#")[0]) for line in block[1].splitlines()] if block else []


def floor_of(child: str, order: list[list[str]]) -> int | None:
    places = [i for i, names in enumerate(order) if any(fnmatch.fnmatch(child, name) for name in names)]
    return places[0] if len(places) == 1 else None


def children(package: str, known: dict[str, Path]) -> set[str]:
    prefix = f"{package}."
    return {name[len(prefix) :].split(".")[0] for name in known if name.startswith(prefix)}


def child_of(package: str, name: str) -> str | None:
    return name[len(package) + 1 :].split(".")[0] if name.startswith(f"{package}.") else None


def arrows(package: str, known: dict[str, Path]) -> set[tuple[str, str, str]]:
    """(child, child that it imports, module that does it) between different children of a package."""
    return {
        (mine, other, name)
        for name, path in known.items()
        if (mine := child_of(package, name))
        for imported in imports(name, path, known)
        if (other := child_of(package, imported)) and other != mine
    }


def faults(root: Path) -> list[str]:
    """Every arrow that does not point down, every module without a floor, one sentence each."""
    known = modules(root)
    found = []
    for package, path in known.items():
        if path.name != "__init__.py" or not (order := floors(docstring(path))):
            continue
        for child in children(package, known):
            if floor_of(child, order) is None:
                found.append(f"{package}.{child} has no floor, or several, in the docstring of {package}")
        for mine, other, name in arrows(package, known):
            above, below = floor_of(mine, order), floor_of(other, order)
            if above is not None and below is not None and above >= below:
                found.append(f"{name} imports {package}.{other}, which does not lie below {package}.{mine}")
    return found


KNOWN = modules(ROOT)
HOUSES = [name for name, path in KNOWN.items() if path.name == "__init__.py" and floors(docstring(path))]
ROOMS = [
    (house, child)
    for house in HOUSES
    for child in sorted(children(house, KNOWN))
    if (KNOWN[house].parent / child / "__init__.py").is_file() and not child.startswith("lesson_")
]


def test_the_house_and_its_two_rooms_with_shelves_say_their_order():
    assert {"grader", "grader.autograde", "grader.exercises"} <= set(HOUSES)
    assert len(floors(docstring(KNOWN["grader"]))) >= 8


def test_every_arrow_points_down():
    assert not faults(ROOT)


def test_no_module_imports_itself_over_others():
    graph = {name: {one for one in imports(name, path, KNOWN) if one != name} for name, path in KNOWN.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize(("house", "room"), ROOMS)
def test_a_room_says_what_it_imports(house, room):
    """Its docstring has a sentence "May import: …" that names every neighbour it uses, all of them below."""
    text = " ".join(docstring(KNOWN[f"{house}.{room}"]).split())
    sentence = re.search(r"May import: ([^.]*)\.", text)
    assert sentence, f"the docstring of {house}.{room} has no sentence that begins with “May import:”"
    order = floors(docstring(KNOWN[house]))
    neighbours = {child for child in children(house, KNOWN) if (KNOWN[house].parent / child).is_dir()}
    allowed = set(re.findall(r"\w+", sentence[1])) & neighbours
    too_high = {one for one in allowed if floor_of(one, order) <= floor_of(room, order)}
    assert not too_high, f"{house}.{room} says that it may import {too_high}, which do not lie below it"
    used = {other for mine, other, _ in arrows(house, KNOWN) if mine == room} & neighbours
    assert used <= allowed, f"{house}.{room} imports {used - allowed}, which its docstring does not name"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("low/a.py", "from house.top import b"),
        ("low/a.py", "def f():\n    from house.top.b import g"),
        ("low/a.py", "from ..top import b"),
        ("low/a.py", "import importlib\nimportlib.import_module('house.top.b')"),
        ("low/a.py", "import house.beside.c"),
        ("new.py", ""),
    ],
)
def test_a_wrong_arrow_and_a_homeless_module_are_found(tmp_path, module, source):
    house = tmp_path / "house"
    for path in ("__init__.py", "top/__init__.py", "top/b.py", "low/__init__.py", "beside/__init__.py"):
        (house / path).parent.mkdir(parents=True, exist_ok=True)
        (house / path).touch()
    (house / "beside" / "c.py").touch()
    (house / "top" / "b.py").write_text("import house.low")
    order = "    top\n    low, beside\n"
    (house / "__init__.py").write_text(f'"""Rooms, from the top down:\n\n{order}\nAnd no more."""')
    assert not faults(house)
    (house / module).write_text(source)
    assert len(faults(house)) == 1
