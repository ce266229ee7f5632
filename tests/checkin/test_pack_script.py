"""The script's side of the offline pack opens what ours seals, and judges every case alike (peers.md T23)."""

import json
import subprocess
from pathlib import Path

from tools.build_assets import ASSETS, find_node

VECTORS = Path(__file__).parent / "pack_vectors.json"
#: Runs every case through the script as the browser does, and prints what it made of them.
RUN = """
import { readFileSync } from "node:fs";
import { keysOf, lookUp } from "./pack.mjs";
const { pack, keys, cases } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const hex = (data) => Buffer.from(data).toString("hex");
const made = {}, found = [];
for (const pass of Object.keys(keys)) {
  const { index, seal, tag } = await keysOf(pack, pass);
  made[pass] = { index, seal: hex(seal), tag: hex(tag) };
}
for (const { payload, at } of cases) found.push(await lookUp(pack, payload, at * 1000));
const entry = pack.entries[0];
entry.sealed = Buffer.from(Buffer.from(entry.sealed, "base64").map((byte, i) => byte ^ (i === 40))).toString("base64");
let changed = "opened";
try { await lookUp(pack, cases[0].payload, 0); } catch { changed = "refused"; }
console.log(JSON.stringify({ made, found, changed }));
"""


def test_the_script_judges_the_vectors_as_we_do(tmp_path: Path) -> None:
    (tmp_path / "pack.mjs").write_text((ASSETS / "js" / "scan" / "pack.js").read_text("utf-8"))
    (tmp_path / "run.mjs").write_text(RUN)
    command = [find_node()[0], "run.mjs", str(VECTORS)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    told, wanted = json.loads(ran.stdout), json.loads(VECTORS.read_text("utf-8"))

    assert told["made"] == wanted["keys"]
    for case, found in zip(wanted["cases"], told["found"], strict=True):
        verdict = found["verdict"] if found else "unknown"
        assert verdict == case["verdict"], case["name"]
        if found:
            known = {name: found["person"][name] for name in ("name", "flags", "shifts", "version")}
            assert known == wanted["opened"][case["payload"][2:11]], case["name"]
    assert told["changed"] == "refused"
