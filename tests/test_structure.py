"""The shape of the package: what may import what, and how large things are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tfelc"
# From the ground up: a room imports itself and what stands in lines below it; rooms of one line do not know each other.
FLOORS = (
    {"core"},
    {"schema"},
    {"losses", "metrics"},
    {"layers"},
    {"data"},
    {"features"},
    {"lifecycle"},
    {"ranker", "next_item"},
    {"serving"},
    {"experiments"},
    {"commands"},
)
# TensorFlow is what feeds, trains, exports and serves the models; what they are made of is Keras and NumPy.
TENSORFLOW_ROOMS = ("features", "lifecycle", "ranker", "next_item", "serving", "experiments")
TENSORFLOW = {"tensorflow", "tf_keras", "tensorflow_recommenders", "tensorflow_serving"}
# Where Keras has no equal: the start of TensorFlow, and a look-up whose gradient holds only the rows that it took.
TENSORFLOW_MODULES = ("tfelc.core.tensorflow_start", "tfelc.layers.fused_embedding")
WITHOUT_HEAVY_IMPORTS = ("core", "schema", "commands")
HEAVY = TENSORFLOW | {"keras", "pandas", "pyarrow", "sklearn", "matplotlib", "scipy"}
MOST_LINES, MOST_FUNCTION_LINES, MOST_LONG_FUNCTIONS, MOST_ENTRIES = 300, 50, 11, 15


def _modules() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*.py")))


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, *, inside: bool) -> set[str]:
    """Modules that a file names, also `package.module` of `from package import module`.

    Args:
        path: The file.
        inside: Whether imports inside functions count.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if inside else _at_import(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported; a block for type checkers does not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _at_import(child)


def _room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "tfelc" and len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else None


def test_imports_point_one_way() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    upward = []
    for path in _modules():
        home = _room(_name(path))
        for module in _imports(path, inside=True) if home else ():
            room = _room(module)
            if room and room != home and floor[room] >= floor[home]:
                upward.append(f"{_name(path)} imports {module}")
    assert not upward


def test_every_room_has_its_floor() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set().union(*FLOORS)


def test_there_is_no_circle() -> None:
    names = {_name(path): path for path in _modules()}
    edges = {name: {other for other in _imports(path, inside=False) if other in names} for name, path in names.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            for other in sorted(edges[name] - {name}):
                visit(other, (*way, name))
            done.add(name)

    for name in names:
        visit(name, ())


def test_nothing_imports_the_entry_scripts() -> None:
    wrong = [
        f"{_name(path)}: {module}"
        for path in _modules()
        for module in _imports(path, inside=True)
        if module.split(".")[0] in ("pipelines", "serving", "tests")
    ]
    assert not wrong


def test_tensorflow_stays_in_its_rooms() -> None:
    """Inside functions too."""
    wrong = [
        f"{_name(path)}: {module}"
        for path in _modules()
        if _room(_name(path)) not in TENSORFLOW_ROOMS and _name(path) not in TENSORFLOW_MODULES
        for module in _imports(path, inside=True)
        if module.split(".")[0] in TENSORFLOW
    ]
    assert not wrong


@pytest.mark.parametrize("room", WITHOUT_HEAVY_IMPORTS)
def test_what_every_command_loads_is_light(room: str) -> None:
    wrong = [
        f"{_name(path)}: {module}"
        for path in _modules()
        if _room(_name(path)) == room
        for module in _imports(path, inside=False)
        if module.split(".")[0] in HEAVY
    ]
    assert not wrong


def test_files_of_tests_are_short() -> None:
    tests = Path(__file__).parent.rglob("*.py")
    assert not [str(path) for path in tests if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES]


def test_files_and_functions_are_short() -> None:
    long_files, long_functions = [], []
    for path in _modules():
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > MOST_LINES:
            long_files.append(str(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    long_functions.append(f"{_name(path)}.{node.name} ({lines})")
    assert not long_files
    assert len(long_functions) <= MOST_LONG_FUNCTIONS, long_functions


def test_the_top_level_is_small() -> None:
    entries = [path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= MOST_ENTRIES, entries
    assert not [path for path in PACKAGE.rglob("utils.py")]
