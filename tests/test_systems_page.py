"""docs/systems.md says on which line of which file a formula is computed; this is where it is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# `name` in `stackgan_k3/….py:12`, also over the end of a line
REFERENCE = re.compile(r"`([A-Za-z_.0-9]+)`\s+in\s+`(stackgan_k3/[\w/]+\.py)(?::(\d+))?`")
REFERENCES = REFERENCE.findall((ROOT / "docs/systems.md").read_text(encoding="utf-8"))

pytestmark = pytest.mark.neutral


def result_line(path: str, name: str) -> int:
    """The line on which a function returns (a class: its call), or the definition's own where it does not."""
    node: ast.AST = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    for part in name.split("."):
        node = next(child for child in node.body if getattr(child, "name", None) == part)
    if isinstance(node, ast.ClassDef):
        calls = [child for child in node.body if getattr(child, "name", "") in ("call", "__call__")]
        if not calls:
            return node.lineno
        node = calls[0]
    return max((each.lineno for each in ast.walk(node) if isinstance(each, ast.Return)), default=node.lineno)


def test_the_page_names_lines():
    assert len(REFERENCES) > 40


@pytest.mark.parametrize(("name", "path", "line"), REFERENCES)
def test_the_line_is_that_of_the_formula(name, path, line):
    right = result_line(path, name)
    assert line == str(right), f"docs/systems.md should say `{name}` in `{path}:{right}`"
