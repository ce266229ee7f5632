// What a keeper's device does on every page: it sends what it kept, and nobody signs out before it has. Who does sign out
// leaves nothing of the day behind.
import { MARK } from "./scan/place.js";
import { all, empty, get, remove } from "./scan/store.js";

const form = document.querySelector("form[data-leave]"), warning = document.getElementById("leaving");
const told = document.getElementById("kept-here");
const unsent = async () => (await all("scans")).filter((one) => one.state === "unsent");

// A device that never scanned has nothing to look at.
const isScanner = () => { try { return Boolean(localStorage.getItem(MARK)); } catch { return true; } };

async function leave() {
  const waiting = await unsent();
  if (!waiting.length) {
    for (const one of await all("scans")) if (one.state === "answered") await remove("scans", one.id);
    await empty("packs");
    await empty("facts");
    localStorage.removeItem(MARK);
    return true;
  }
  const last = waiting[0].station || (await get("facts", "last"))?.station;
  const shown = warning.content.cloneNode(true).firstElementChild, title = shown.querySelector("h2");
  title.textContent = title.textContent.replace("#", waiting.length);
  shown.querySelector("a").href = `/station/${last}/queue`;
  document.querySelector("[data-k=leaving]")?.remove();
  document.getElementById("main").prepend(shown);
  shown.focus();
  return false;
}

form?.addEventListener("submit", (event) => {
  if (!isScanner()) return;
  event.preventDefault();
  leave().catch(() => true).then((may) => { if (may) form.submit(); });
});

// The scanning pages have an outbox of their own.
async function send() {
  const waiting = await unsent();
  if (!waiting.length) return;
  const { Outbox } = await import("./scan/outbox.js");
  const outbox = new Outbox({ station: waiting[0].station, owner: "", csrf: "" });
  outbox.addEventListener("change", () => count().catch(() => {}));
  outbox.start();
  await count();
}

async function count() {
  if (!told) return;
  const left = (await unsent()).length;
  told.hidden = !left;
  told.querySelector("span").textContent = told.dataset.words.replace("#", left);
}

if (isScanner() && !document.querySelector("#waiting, #queue")) send().catch(() => {});
