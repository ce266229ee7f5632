// What this device keeps, and what came of what it sent (ux.md S6). It is read from the device: the service has no part in it.
import { Outbox } from "./scan/outbox.js";
import { placeOf } from "./scan/place.js";
import { change } from "./scan/store.js";
import { timeAt, troubleIn } from "./scan/words.js";

const at = (id) => document.getElementById(id);
const words = at("queue").dataset;
let outbox = null;

function row(one, kind, icon, title, text) {
  const item = document.createElement("li"), what = document.createElement("span"), tag = document.createElement("span"), time = document.createElement("span");
  item.dataset.id = one.id;
  tag.className = `tag kind-${kind}`;
  tag.textContent = `${icon} ${title}`;
  what.append(tag, ` ${text}`);
  time.className = "num";
  time.textContent = timeAt(one.scanned_at, words.zone);
  item.append(what, time);
  return item;
}

const isOthers = (one) => outbox.isOthers(one);

function waiting(one) {
  const why = isOthers(one) ? words.other : one.why ? words.refused.replace("#", one.why) : words.sending;
  return row(one, "saved", "↑", one.direction === "out" ? words.out : words.in, [one.who, one.note, why].filter(Boolean).join(" "));
}

function answered(one) {
  if (one.state === "handed") return row(one, "saved", "↑", one.direction === "out" ? words.out : words.in, words.handed);
  const said = one.shown;
  return row(one, said.kind, said.icon, said.title, [said.detail, said.band, said.next].filter(Boolean).join(" "));
}

async function show() {
  const all = await outbox.list(), unsent = all.filter((one) => one.state === "unsent"), done = all.filter((one) => one.state !== "unsent");
  at("unsent").replaceChildren(...unsent.map(waiting));
  at("answered").replaceChildren(...done.map(answered));
  at("open").hidden = !unsent.length;
  at("done").hidden = !done.length;
  at("all-sent").hidden = Boolean(unsent.length);
  at("take").hidden = !unsent.some(isOthers);
  at("hand").hidden = !unsent.some((one) => one.why || isOthers(one));
  at("trouble").textContent = unsent.length ? troubleIn(words, outbox.trouble) : "";
  at("sign-in").hidden = !unsent.length || outbox.trouble !== "sign-in";
}

async function take() {
  for (const one of (await outbox.unsent()).filter(isOthers)) await change("scans", one.id, (kept) => ({ ...kept, taken: outbox.place.owner }));
  outbox.flush(true);
}

// The last way: an administrator gets them as a file; they stay here for a month.
async function hand() {
  const stuck = (await outbox.unsent()).filter((one) => one.why || isOthers(one));
  const file = new Blob([JSON.stringify(stuck, null, 1)], { type: "application/json" }), link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `scans-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  for (const one of stuck) await change("scans", one.id, (kept) => ({ ...kept, state: "handed", answered_at: Date.now() }));
  outbox.changed();
}

placeOf(at("place")).then((place) => {
  outbox = new Outbox(place);
  outbox.addEventListener("change", () => show().catch(() => {}));
  outbox.start();
  show();
});
at("send").addEventListener("click", () => outbox.flush(true));
at("take").addEventListener("click", take);
at("hand").addEventListener("click", hand);
