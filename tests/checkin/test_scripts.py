"""Parts of the scanning page's scripts that need no browser: the worker's choice of a page, a clock that was set."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tools.build_assets import ASSETS, find_node

#: The worker within what a browser gives it: a cache that has the frames, and a network that answers as each case says.
WORKER = """
const heard = {}, cases = JSON.parse(process.argv[2]), found = [];
globalThis.location = { origin: "https://here" };
globalThis.caches = { match: async (key) => ({ status: 200, from: key }) };
globalThis.self = {
  KEPT: { version: "1", shells: { scan: "SCAN", queue: "QUEUE", check: "CHECK" }, offline: "OFFLINE", files: [] },
  addEventListener: (name, hear) => { heard[name] = hear; },
};
await import("./sw.js");
for (const [path, status] of cases) {
  globalThis.fetch = async () => {
    if (!status) throw new TypeError("no network");
    return { status, from: "NETWORK" };
  };
  let reply = null;
  const request = { method: "GET", mode: "navigate", url: "https://here" + path };
  heard.fetch({ request, respondWith: (one) => { reply = one; } });
  found.push((await reply)?.from);
}
console.log(JSON.stringify(found));
process.exit();
"""
DOOR = "/station/0190c5a8-0000-7000-8000-000000000000"

CLOCK = """
import { clock, timeOf } from "./outbox.js";
const HOUR = 3_600_000, found = [];
for (const [kept, offsetThen, heardThen, offsetNow] of JSON.parse(process.argv[2])) {
  const now = Date.now() + offsetNow * HOUR; // by the server
  Object.assign(clock, { offset: offsetNow * HOUR, heard: now });
  const scanned_at = new Date(Date.now() + kept * HOUR).toISOString();
  const heard = heardThen === null ? 0 : now + heardThen * HOUR;
  const told = Date.parse(timeOf({ scanned_at, offset: offsetThen * HOUR, heard }));
  found.push(Math.round((told - Date.parse(scanned_at)) / HOUR));
}
console.log(JSON.stringify(found));
"""


def run(folder: Path, script: str, cases: list[Any], *files: str) -> Any:
    """Run a script of modules beside the files of ours that it imports; return what it prints."""
    (folder / "package.json").write_text('{"type": "module"}')
    for name in files:
        (folder / Path(name).name).write_text((ASSETS / name).read_text("utf-8"))
    (folder / "run.js").write_text(script)
    command = [find_node()[0], "run.js", json.dumps(cases)]
    return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)


def test_the_scanning_pages_open_while_the_service_is_down(tmp_path: Path) -> None:
    cases = {
        (f"{DOOR}/scan", 200): "NETWORK",
        (f"{DOOR}/scan", 404): "NETWORK",
        (f"{DOOR}/scan", None): "SCAN",
        (f"{DOOR}/scan", 502): "SCAN",
        (f"{DOOR}/queue", 503): "QUEUE",
        (f"{DOOR}/check", 500): "CHECK",
        ("/station", 504): "SCAN",
        ("/me", None): "OFFLINE",
        ("/me", 502): "NETWORK",  # a page of a person is never replaced by another
    }
    assert run(tmp_path, WORKER, list(cases), "sw/sw.js") == list(cases.values())


def test_a_clock_that_is_set_while_scans_wait_moves_none_of_them(tmp_path: Path) -> None:
    """In hours: when, by the device; its offset then; the server's last word before it; the offset now."""
    cases = {
        (-1, 0, -2, 0): 0,  # a right clock
        (-25, 24, -2, 0): 24,  # a day slow when it was scanned, then set right: an hour ago, not yesterday
        (23, -24, -2, 0): -24,  # a day fast
        (-1, 24, -2, 24): 0,  # still slow: the server corrects by the time of sending
        (-1, 24, -2, 0): 0,  # set before it was scanned
        (-25, 24, None, 0): 0,  # nothing was heard of the server: sent as the device has it
    }
    assert run(tmp_path, CLOCK, list(cases), "js/scan/outbox.js", "js/scan/store.js") == list(cases.values())
