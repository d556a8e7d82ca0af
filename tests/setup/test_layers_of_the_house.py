"""Imports go down only (docs/architecture.md), and one room alone asks which backend runs."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The rooms from the ground up. Rooms that share a line do not know each other.
FLOORS = [
    ["errors", "draws"],
    ["files"],
    ["choose", "presets"],
    ["config"],
    ["engine"],
    ["bundle"],
    ["layers"],
    ["adversarial"],
    ["inference"],
    ["text"],
    ["data"],
    ["models"],
    ["metrics"],
    ["training"],
    ["demo"],
    ["export"],
    ["commands"],
    ["cli"],
    ["__main__"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

# What these rooms may use, of the package and of the heavy libraries, is narrower than their floor.
ONLY = {
    "bundle": {"errors", "files"},
    "inference": {"errors", "files", "bundle"},
    "demo": {"errors", "files", "bundle", "inference"},
}
HEAVY = {"keras", "jax", "tensorflow", "torch", "grain", "gradio", "onnx", "tf2onnx", "pydantic", "flax"}
NONE = ("errors", "files", "draws", "choose", "presets", "bundle", "inference", "cli")
MAY_IMPORT: dict[str, set[str]] = {
    **{room: set() for room in NONE},
    "config": {"pydantic"},
    "demo": {"gradio"},
    "engine": {"keras", "jax", "tensorflow", "torch"},
    "export": {"keras", "tensorflow", "onnx", "tf2onnx"},
}
ELSEWHERE = {"keras", "grain", "pydantic"}


def sources() -> list[tuple[str, Path]]:
    """Every module with the room it is in."""
    found = []
    for path in sorted((ROOT / "stackgan_k3").rglob("*.py")):
        parts = path.relative_to(ROOT / "stackgan_k3").parts
        if parts != ("__init__.py",):
            found.append((parts[0].removesuffix(".py"), path))
    for room in ("export", "demo"):
        found += [(room, path) for path in sorted((ROOT / room).rglob("*.py"))]
    return found


def imports(path: Path, room: str) -> set[str]:
    """The dotted names that a module imports, inside functions too, but not those for annotations only."""
    folder = path.parent.relative_to(ROOT)
    package = [*(("stackgan_k3",) if room in ("export", "demo") else ()), *folder.parts]
    found = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                visit(other)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [] if node.level == 0 else package[: len(package) - node.level + 1]
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.add(module)
            if module in ("stackgan_k3", "stackgan_k3.commands"):
                found.update(f"{module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def rooms_of(names: set[str]) -> set[str]:
    rooms = set()
    for name in names:
        parts = name.split(".")
        if parts[0] in ("export", "demo"):  # the checkout's names would be a second copy of the same modules
            rooms.add(f"top-level {parts[0]}")
        if parts[0] == "stackgan_k3" and len(parts) > 1 and not parts[1].startswith("__version"):
            rooms.add(parts[1])
    return rooms


MODULES = sources()
IDS = [path.relative_to(ROOT).as_posix() for _, path in MODULES]


def test_every_room_has_a_floor():
    assert {room for room, _ in MODULES} <= set(FLOOR)


@pytest.mark.parametrize(("room", "path"), MODULES, ids=IDS)
def test_imports_go_down(room, path):
    used = rooms_of(imports(path, room)) - {room}
    if path.name == "__main__.py":  # `python -m demo` is the command line under another name
        used -= {"cli", "commands"}
    allowed = ONLY.get(room, {other for other in FLOOR if FLOOR[other] < FLOOR[room]})
    assert used <= allowed, f"{room} must not import {', '.join(sorted(used - allowed))}"


@pytest.mark.parametrize(("room", "path"), MODULES, ids=IDS)
def test_libraries_stay_in_their_rooms(room, path):
    used = {name.split(".")[0] for name in imports(path, room)} & HEAVY
    allowed = MAY_IMPORT.get(room, ELSEWHERE)
    assert used <= allowed, f"{room} must not import {', '.join(sorted(used - allowed))}"


@pytest.mark.parametrize(("room", "path"), MODULES, ids=IDS)
def test_only_the_engine_asks_which_backend_runs(room, path):
    if room in ("engine", "export"):
        return  # the one that does, and the one that must run on TensorFlow and sees to it
    asked = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in ("keras.backend.backend", "keras.config.backend")
    ]
    assert asked == []


def test_modules_are_short():
    """Past about 300 lines a file wants splitting."""
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for _, path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 330} == {}
