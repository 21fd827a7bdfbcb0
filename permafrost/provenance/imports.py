"""Which modules a piece of code really imports, and a hash of each that comments and layout do not change.

A study can take hours. Mending a comment, reformatting a file or adding a backbone must not run it again, and a changed
line in the trainer must. So a stage depends on the modules that it imports, directly or not, each by a hash of its
syntax tree without comments and docstrings.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from permafrost.errors import PermafrostError

# The one module that imports by name. What a run's parameters name there is added to the run's own closure.
DYNAMIC_IMPORT_ALLOWED = "permafrost.catalogue"
DYNAMIC_IMPORTERS = {"import_module", "__import__", "exec", "eval", "run_path", "run_module", "spec_from_file_location"}


class Sources:
    """The project's own packages under ``root``, read as text: nothing is imported."""

    def __init__(self, root: Path, packages: Iterable[str]) -> None:
        self.root = root
        self.packages = tuple(packages)
        self._trees: dict[str, ast.Module] = {}

    def path(self, module: str) -> Path | None:
        """The file of ``module`` (a package's is its ``__init__.py``), or None where it is not one of ours."""
        if module.split(".")[0] not in self.packages:
            return None
        base = self.root.joinpath(*module.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
        return None

    def tree(self, module: str) -> ast.Module:
        """The syntax tree of ``module``.

        Raises:
            PermafrostError: no such module, or it is not valid Python; the error names the file.
        """
        if module not in self._trees:
            path = self.path(module)
            if path is None:
                raise PermafrostError(f"no module {module!r} under {self.root}")
            try:
                self._trees[module] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
            except SyntaxError as error:
                raise PermafrostError(f"{path}, line {error.lineno}: {error.msg}") from None
        return self._trees[module]

    def closure(self, entries: Iterable[str]) -> dict[str, str]:
        """Name and hash of every module of ours that ``entries`` import, directly or not, themselves included.

        Raises:
            PermafrostError: a module imports by name where that is not allowed, so the closure would be incomplete.
        """
        found: dict[str, str] = {}
        queue = list(entries)
        while queue:
            module = queue.pop()
            if module in found:
                continue
            tree = self.tree(module)
            self._refuse_dynamic(module, tree)
            is_package = self.path(module).name == "__init__.py"
            found[module] = fingerprint(_without_lazy(tree) if is_package else tree)
            parts = module.split(".")
            # Importing a.b.c runs a/__init__.py and a/b/__init__.py first.
            queue += [".".join(parts[:depth]) for depth in range(1, len(parts))]
            imported = list(self.imported(module))
            self._refuse_lazy(module, imported)
            queue += [name for name in imported if self.path(name)]
        return dict(sorted(found.items()))

    def imported(self, module: str) -> Iterator[str]:
        """Full names that ``module`` imports, in functions too; ``from a import b`` gives ``a`` and ``a.b``."""
        is_package = self.path(module).name == "__init__.py"
        package = module if is_package else module.rpartition(".")[0]
        tree = _without_lazy(self.tree(module)) if is_package else self.tree(module)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    above = package.split(".")[: len(package.split(".")) - node.level + 1]
                    base = ".".join([*above, *([base] if base else [])])
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def exported_lazily(self, module: str) -> bool:
        """Whether ``module`` is a package with a ``__getattr__``, by which it exports what others define."""
        path = self.path(module)
        return path is not None and path.name == "__init__.py" and any(map(_is_lazy, self.tree(module).body))

    def third_party(self, modules: Iterable[str]) -> set[str]:
        """Top-level names that ``modules`` import from outside our packages."""
        tops = {name.split(".")[0] for module in modules for name in self.imported(module)}
        return tops - set(self.packages)

    def _refuse_lazy(self, module: str, imported: list[str]) -> None:
        for name in imported:
            base = name.rpartition(".")[0]
            if base and self.path(name) is None and self.exported_lazily(base):
                raise PermafrostError(
                    f"{self.path(module)}: imports {name}, which {base} only hands on, so that the code fingerprints "
                    "do not see it; import it from where it is defined"
                )

    def _refuse_dynamic(self, module: str, tree: ast.Module) -> None:
        if module == DYNAMIC_IMPORT_ALLOWED:
            return
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else None
            # A method may be called eval (torch has one); only the importers of importlib and runpy are meant there.
            if isinstance(node.func, ast.Attribute) and node.func.attr not in ("eval", "exec"):
                name = node.func.attr
            if name in DYNAMIC_IMPORTERS:
                raise PermafrostError(
                    f"{self.path(module)}, line {node.lineno}: {name}() hides what is imported from the code "
                    f"fingerprints; import by statement, or do it in {DYNAMIC_IMPORT_ALLOWED}"
                )


def _is_lazy(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "__getattr__"


def _without_lazy(tree: ast.Module) -> ast.Module:
    """A package's tree without its ``__getattr__``: what that exports is for users, and no module of ours uses it."""
    return ast.Module([node for node in tree.body if not _is_lazy(node)], tree.type_ignores)


def fingerprint(tree: ast.Module) -> str:
    """32 hex digits that change with the code of ``tree``, not with its comments, docstrings or layout."""
    return hashlib.sha256(_dump(tree).encode()).hexdigest()[:32]


def _dump(node: object) -> str:
    # Not ast.dump: that prints empty fields, which differ between versions of Python.
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if name not in ("ctx", "type_comment"))
        inner = ",".join(f"{name}={_dump(value)}" for name, value in _without_docstring(node, fields) if value)
        constant = repr(node.value) if isinstance(node, ast.Constant) else ""
        return f"{type(node).__name__}({inner}{constant})"
    if isinstance(node, list):
        return "[" + ",".join(_dump(item) for item in node) + "]"
    return repr(node)


def _without_docstring(node: ast.AST, fields: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    for name, value in fields:
        if name == "body" and documented and ast.get_docstring(node, clean=False) is not None:
            value = value[1:]
        if not isinstance(node, ast.Constant):
            yield name, value
