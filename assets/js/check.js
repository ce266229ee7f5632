// Tries what the scanning page needs of this device; each point says what to do (ux.md S7).
import { Names } from "./scan/names.js";
import { ask, clock } from "./scan/outbox.js";
import { placeOf } from "./scan/place.js";
import { tell, unlock } from "./scan/sound.js";
import { get, put, remove } from "./scan/store.js";

const CODE = /^9[12][0-9]{25}$/, PAUSE_MS = 400, PATIENCE_MS = 8000;
const at = (id) => document.getElementById(id);
const checks = at("checks");

const CHECKS = {
  https: () => globalThis.isSecureContext,
  network: async (place) => { const reply = await ask(`/station/${place.station}/sync`, {}, PATIENCE_MS); return reply.ok && !reply.redirected; },
  clock: () => (clock.isWrong ? String(Math.round(clock.offset / 1000)) : true),
  storage: async () => {
    await put("facts", { name: "try", at: 1 });
    const found = (await get("facts", "try"))?.at === 1;
    await remove("facts", "try");
    return found;
  },
  lasting: async () => (await navigator.storage.persisted()) || navigator.storage.persist(),
  worker: async () => Boolean((await navigator.serviceWorker.getRegistration("/"))?.active),
  list: async (place) => {
    const names = new Names(place, checks.dataset.zone);
    await names.renew();
    return (await get("packs", place.station))?.pack.date === names.today();
  },
  camera: async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    for (const track of stream.getTracks()) track.stop();
    return true;
  },
  sound: () => {
    const state = document.createElement("p");
    Object.assign(state.dataset, { tones: "880 1320", buzz: "200" });
    tell(state);
    return Boolean(globalThis.AudioContext);
  },
};

async function run(item, place) {
  let found = false;
  try { found = await CHECKS[item.dataset.check](place); } catch { /* not here */ }
  const good = found === true, sign = item.querySelector("[data-sign]");
  item.querySelector("[data-said]").textContent = good ? item.dataset.good : item.dataset.bad.replace("#", found);
  sign.textContent = good ? "✓" : "✕";
  sign.className = `tag kind-${good ? "ok" : "bad"}`;
  item.dataset.k = good ? "good" : "bad";
}

const here = placeOf(at("place"));
at("begin").addEventListener("click", async () => {
  unlock();
  at("begin").disabled = true;
  const place = await here;
  for (const item of checks.children) await run(item, place);
  const bad = checks.querySelectorAll("[data-k=bad]").length, sum = at("sum");
  sum.textContent = bad ? sum.dataset.bad.replace("#", bad) : sum.dataset.good;
  sum.classList.toggle("warn", bad > 0);
  sum.hidden = false;
  sum.scrollIntoView({ block: "nearest" });
  at("begin").disabled = false;
});

// What a hand scanner really sends, key by key.
const field = at("keys"), test = at("scanner-test").dataset;
let keys = [], pause = 0;

function judge(ended) {
  clearTimeout(pause);
  const text = field.value, plain = text.normalize("NFKC").replace(/[\s\p{C}]/gu, "");
  if (!text && !keys.length) return;
  const isSwallowed = keys.some((key) => key === "Process" || key === "Unidentified");
  const said = [CODE.test(plain) ? test.good.replace("#", plain.length) : isSwallowed ? test.ime : test.odd.replace("#", plain.length)];
  if (CODE.test(plain) && plain !== text) said.push(test.wide);
  if (CODE.test(plain) && !ended) said.push(test.end);
  at("verdict").textContent = said.join(" ");
  at("verdict").dataset.k = CODE.test(plain) ? "good" : isSwallowed ? "ime" : "odd";
  at("raw").textContent = keys.map((key) => (key.length === 1 ? key : ` ${key} `)).join("").trim();
  field.value = "";
  keys = [];
}

field.addEventListener("keydown", (event) => {
  keys.push(event.isComposing ? "Process" : event.key);
  clearTimeout(pause);
  if (event.key === "Enter" || (event.key === "Tab" && field.value)) { event.preventDefault(); judge(true); } else if (event.key !== "Tab") pause = setTimeout(() => judge(false), PAUSE_MS);
});
