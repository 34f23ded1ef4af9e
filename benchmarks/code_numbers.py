"""Counts what makes code easy or hard to read: lines of files, parameters of functions.

.venv/bin/python benchmarks/code_numbers.py
"""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOORS = ("supervisor", "config", "club", "actors", "service")


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def main() -> None:
    print(f"{'floor':<12} {'files':>6} {'lines':>7} {'median':>7} {'90th':>6} {'max':>6}   most parameters")
    for floors in (*((floor,) for floor in FLOORS), FLOORS):
        files = [path for floor in floors for path in sorted((ROOT / floor).rglob("*.py"))]
        lines = [len(path.read_text("utf-8").splitlines()) for path in files]
        functions = [
            (parameters(node), node.name, path.relative_to(ROOT))
            for path in files
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        most, name, where = max(functions)
        name_of = floors[0] if len(floors) == 1 else "all"
        print(
            f"{name_of:<12} {len(files):>6} {sum(lines):>7} {statistics.median(lines):>7.0f} "
            f"{statistics.quantiles(lines, n=10)[-1]:>6.0f} {max(lines):>6}   {most} ({where}: {name})"
        )


if __name__ == "__main__":
    main()
