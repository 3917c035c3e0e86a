"""The source of Relais as data: modules, what each imports, what each defines. Read, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from config import PROJECT


@dataclass(frozen=True)
class Import:
    """`name` is a module, of ours when there is one of that name; `words` are what is taken out of it."""

    name: str
    words: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Module:
    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    @cached_property
    def lines(self) -> int:
        return len(self.path.read_text(encoding="utf-8").splitlines())

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """What it imports when it runs, wherever that stands; names needed by type checkers only are left out."""
        unseen = {id(node) for block in ast.walk(self.tree) if _for_types(block) for node in _below(block)}
        return tuple(found for node in ast.walk(self.tree) if id(node) not in unseen for found in _imports_of(node))

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def verbs(self) -> set[str]:
        """Its public functions that act for somebody: those told who acts, as `by`."""
        return {
            node.name
            for node in self.tree.body
            if isinstance(node, ast.FunctionDef)
            and not node.name.startswith("_")
            and "by" in {argument.arg for argument in node.args.kwonlyargs}
        }


def modules_of(*folders: str) -> dict[str, Module]:
    """Every module below these folders of the project, by dotted name."""
    found: dict[str, Module] = {}
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            parts = list(path.relative_to(PROJECT).with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = Module(name, path)
    return found


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _below(block: ast.AST) -> Iterator[ast.AST]:
    assert isinstance(block, ast.If)
    for statement in block.body:
        yield from ast.walk(statement)


def _imports_of(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, (), node.lineno)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports name their module in full"
        module = node.module or ""
        inner = [alias.name for alias in node.names if f"{module}.{alias.name}" in MODULES]
        for name in inner:
            yield Import(f"{module}.{name}", (), node.lineno)
        words = tuple(alias.name for alias in node.names if alias.name not in inner)
        if words:
            yield Import(module, words, node.lineno)


MODULES = modules_of("helpdesk", "workers")
