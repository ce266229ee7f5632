// The scanner's page without reloading: what a camera sees or a hand scanner types is kept on the device, then sent, and the
// page is ready for the next. Where no answer comes at once the scan waits in the outbox. Without this file the form works.
import { Names } from "./scan/names.js";
import { ask, clock, isSignIn, newId, Outbox } from "./scan/outbox.js";
import { placeOf } from "./scan/place.js";
import { offerSpeech, tell, unlock } from "./scan/sound.js";
import { offerCamera } from "./scan/viewfinder.js";
import { timeAt, troubleIn } from "./scan/words.js";
import { offerInstall, register } from "./scan/worker.js";

const CODE = /^9[12][0-9]{25}$/, SCANNED = /^(?:[0-9]{12,}|.*[/:?=].*|.{33,})$/;
const SENT_PX = 2400, PHOTO_MS = 20_000, PAUSE_MS = 60, STAYS_MS = 6000, LIVE_MS = 4000, SLOW_MS = 500, LONGEST = 600, SAME_MS = 10 * 60_000, LAST = 10;
const FINE = ["ok_in", "ok_out", "dup", "dup_out", "flag"], NOT_KEPT = ["err"];

const at = (id) => document.getElementById(id);
const [form, typed, answer, busy, failed, saved, waiting] = ["scanner", "typed", "answer", "busy", "failed", "saved", "waiting"].map(at);
const input = form.elements.code, words = waiting.dataset;
let pause = 0, slow = 0, clearing = 0, hasCamera = false, queue = Promise.resolve(), outbox = null, names = null;
const deferred = new Set();

// As `codes.normalise` and `door.is_code` have it: what only a scanner types is a scan, the rest is looked for.
const plain = (text) => text.normalize("NFKC").replace(/[\s\p{C}]/gu, "").slice(0, LONGEST);
const isScan = (text) => SCANNED.test(plain(text)) || (text.trim() && !plain(text));

// The check digits catch what was misread (`codes.read`).
const isOurs = (code) => CODE.test(code) && BigInt(code) % 97n === 1n;

// Take what stands in the input, and make room for the next scan before this one is answered. An Enter with nothing before
// it is the end of what was taken already: of a slow scanner, or of one that sends two.
function submit() {
  clearTimeout(pause);
  const text = input.value.trim();
  input.value = "";
  if (text) take(text); else refocus();
}

function take(text) {
  const body = new FormData(form);
  body.set("code", isScan(text) ? plain(text) || text.slice(0, LONGEST) : text);
  after(() => (isScan(text) ? scan(body) : post(body)));
}

// One after the other. What takes long says so, lest the last answer be read as this one's; what breaks holds up nobody.
function after(work) {
  queue = queue.then(() => {
    slow = setTimeout(() => panel(busy), SLOW_MS);
    return work();
  }).catch(fail).finally(() => clearTimeout(slow));
}

function fail() {
  panel(failed);
  show(answer.querySelector("[data-tones]"));
}

async function scan(body) {
  let kept = null;
  try {
    const [code, direction, shift_id] = ["code", "direction", "shift_id"].map((name) => body.get(name));
    kept = await outbox.keep({ station: outbox.place.station, code, direction, shift_id });
  } catch { // a device that keeps nothing can still send
    body.set("scan_id", newId());
    return post(body);
  }
  try {
    if (!navigator.onLine || outbox.isCut || !outbox.place.csrf) throw new Error("later");
    body.set("scan_id", kept.id);
    body.set("kept_at", kept.scanned_at);
    const state = await send(body, LIVE_MS);
    if (state && !NOT_KEPT.includes(state.dataset.k)) await outbox.settle(kept.id, shownOf(state));
    outbox.flying.delete(kept.id);
  } catch {
    outbox.isCut = true;
    outbox.flying.delete(kept.id);
    deferred.add(kept.id);
    await showSaved(kept);
  }
  outbox.changed();
  outbox.flush();
}

// Send a form and show its answer; the state that it shows.
async function send(body, patience) {
  body.set("part", "answer");
  body.set("csrf_token", outbox.place.csrf);
  const reply = await ask(form.action, { method: "POST", body, headers: { Accept: "text/html" } }, patience);
  if (isSignIn(reply)) { location.assign(reply.url); throw new Error("signed out"); }
  if (!reply.words.includes('data-part="answer"')) throw new Error(reply.status); // a fault, or a network that wants a sign-in of its own
  const parts = document.createElement("div");
  parts.innerHTML = reply.words;
  for (const part of [...parts.children]) at(part.dataset.part).replaceChildren(part);
  const state = answer.querySelector("[data-panel] [data-tones]");
  show(state);
  return state;
}

// What is looked for or entered by hand is not kept: without an answer nothing has happened, and the page says so.
async function post(body) {
  try {
    await send(body, 15_000);
  } catch {
    if (!input.value && !hasCamera && body.get("code")) input.value = body.get("code");
    fail();
  }
}

function panel(template) {
  const shown = document.createElement("div"), before = answer.querySelector("[data-panel]");
  shown.dataset.panel = "";
  shown.append(template.content.cloneNode(true));
  if (before) before.replaceWith(shown); else answer.prepend(shown);
  shown.scrollIntoView({ block: "nearest" });
  return shown;
}

const shownOf = (state) => ({
  key: state.dataset.k, kind: state.classList[1], icon: state.querySelector(".icon").textContent,
  title: state.querySelector("h1, h2").textContent, detail: state.querySelector("p").textContent,
  next: state.querySelectorAll("p")[1]?.textContent || "",
});

// Kept, not yet confirmed: never green. The day's list may know who it is.
async function showSaved(kept) {
  const found = isOurs(kept.code) ? await names.look(kept.code) : null, all = await outbox.unsent().catch(() => [kept]);
  const name = found?.person.name || "", note = noteOf(found, kept, all);
  if (found !== undefined) await outbox.note(kept.id, { who: name, note }).catch(() => {});
  const shown = panel(saved);
  shown.querySelector(".actions")?.remove(); // one is there already
  const state = shown.querySelector("[data-k]"), [detail] = state.querySelectorAll("p");
  detail.textContent = [name, note, detail.textContent.replace("#", all.length)].filter(Boolean).join(" ");
  if ([words.invalid, words.wrong, words.late].includes(note)) askAnew(state);
  if (note === words.again) { state.classList.replace("saved", "dup"); state.querySelector(".icon").textContent = "!"; }
  show(state);
}

// What the device itself sees to be no good is kept as well, but it must neither look nor sound as if all were well.
function askAnew(state) {
  state.setAttribute("role", "alert");
  state.dataset.tones = "220";
  state.dataset.buzz = "400";
  state.querySelectorAll("p")[1].textContent = words.anew;
}

// The same person scanned here a moment ago, nobody of today's list, or a code that is not what it should be.
function noteOf(found, kept, all) {
  const same = (one) => one.id !== kept.id && one.direction === kept.direction && one.code.slice(2, 11) === kept.code.slice(2, 11);
  if (CODE.test(kept.code) && all.some((one) => same(one) && Date.parse(kept.scanned_at) - Date.parse(one.scanned_at) < SAME_MS)) return words.again;
  if (!isOurs(kept.code)) return words.invalid;
  if (found === undefined) return words.unchecked;
  if (found?.person.flags.includes("suspended")) return words.held;
  return found ? { wrong: words.wrong, expired: words.late, unchecked: words.unchecked }[found.verdict] || "" : words.unlisted;
}

// With the camera open a state that asks for nothing makes room after a while; what needs somebody stays.
function show(state) {
  tell(state);
  clearTimeout(slow);
  clearTimeout(clearing);
  answer.querySelector("[data-panel]")?.scrollIntoView({ block: "nearest" });
  if (hasCamera && state?.getAttribute("role") === "status") {
    clearing = setTimeout(() => { answer.querySelector("[data-panel]")?.replaceChildren(); }, STAYS_MS);
  }
  refocus();
}

// On a phone with the camera open the focus would only bring up the keyboard; a hand scanner finds the input anyway.
function refocus() {
  if (!hasCamera) input.focus({ preventScroll: true });
}

// How many wait, what came of those that waited, and what is wrong with the network or the clock.
async function showWaiting() {
  const all = await outbox.list().catch(() => []), unsent = all.filter((one) => one.state === "unsent" && !outbox.flying.has(one.id));
  const done = all.filter((one) => deferred.has(one.id) && one.state === "answered");
  const odd = done.filter((one) => !FINE.includes(one.shown.key)).length;
  at("unsent").textContent = unsent.length ? words.unsent.replace("#", unsent.length) : "";
  at("arrived").textContent = !unsent.length && done.length ? (odd ? words.odd : words.arrived).replace("#", done.length).replace("$", odd) : "";
  const stuck = unsent.filter((one) => one.why || outbox.isOthers(one)).length;
  at("trouble").textContent = unsent.length ? troubleIn(words, outbox.trouble) : "";
  at("stuck").textContent = stuck ? words.stuck.replace("#", stuck) : "";
  at("sign-in").hidden = !unsent.length || outbox.trouble !== "sign-in";
  at("forgets").hidden = outbox.place.keeps;
  at("clock").hidden = !clock.isWrong;
  at("send").hidden = !unsent.length;
  at("kept").replaceChildren(...unsent.slice(0, LAST).map(row));
  at("back").hidden = !(outbox.place.isShell && outbox.place.csrf);
  waiting.hidden = !unsent.length && !done.length && !clock.isWrong && at("back").hidden && outbox.place.keeps;
}

function row(one) {
  const item = document.createElement("li"), tag = document.createElement("span"), time = document.createElement("span"), who = document.createElement("span");
  tag.className = "tag kind-saved";
  tag.textContent = `↑ ${one.direction === "out" ? words.out : words.in}`;
  who.append(tag, ` ${one.who || one.note || ""}`);
  time.className = "num";
  time.textContent = timeAt(one.scanned_at, form.dataset.zone);
  item.append(who, time);
  return item;
}

form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
document.addEventListener("change", (event) => { if (event.target.form === form && event.target !== input) refocus(); });
input.addEventListener("input", () => {
  clearTimeout(pause);
  if (CODE.test(plain(input.value))) pause = setTimeout(submit, PAUSE_MS);
});
input.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && CODE.test(plain(input.value))) { event.preventDefault(); submit(); }
});
// A scanner types wherever the focus is, but into a field that somebody fills.
document.addEventListener("keydown", (event) => {
  const fills = event.target.matches?.("input:not([type=radio], [type=checkbox], [type=file]), select, textarea");
  if (!fills && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus({ preventScroll: true });
});
// Entering somebody by hand answers in the same place.
answer.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = new FormData(event.target);
  after(() => post(body));
});
// The other direction and the choice of a shift change the form in place: a link would close the camera.
answer.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]"), there = link && new URL(link.href);
  if (!there || there.pathname !== location.pathname || !there.searchParams.has("direction")) return;
  event.preventDefault();
  form.elements.direction.value = there.searchParams.get("direction");
  if (there.searchParams.has("shift_id")) {
    form.elements.shift_id.value = there.searchParams.get("shift_id");
    at("choices").open = true;
  }
  answer.querySelector("[data-panel]").replaceChildren();
  refocus();
});

// Scans that come before the page knows where it is wait for it.
queue = placeOf(form).then(async (place) => {
  outbox = new Outbox(place);
  for (const one of await outbox.unsent().catch(() => [])) deferred.add(one.id); // of an earlier page
  names = new Names(place, form.dataset.zone);
  outbox.addEventListener("change", () => showWaiting().catch(() => {}));
  outbox.start();
  names.start();
});
at("send").addEventListener("click", () => outbox.flush(true));
// The server's turn at a photo: the digits, or a sentence that says what to do.
async function readElsewhere(file) {
  const body = new FormData(), { shrink } = await import("./scan/camera.js");
  body.set("part", "code");
  body.set("csrf_token", outbox.place.csrf);
  body.set("file", await shrink(file, SENT_PX).catch(() => file), "photo");
  const reply = await ask(form.action.replace(/scan$/, "photo"), { method: "POST", body, headers: { Accept: "application/json" } }, PHOTO_MS);
  return reply.redirected ? {} : JSON.parse(reply.words);
}
offerCamera(take, unlock, (isOpen) => {
  hasCamera = isOpen;
  if (isOpen) { answer.after(typed); at("finder").scrollIntoView({ block: "nearest" }); } else { answer.before(typed); refocus(); }
}, readElsewhere);
offerSpeech(at("speak"), at("speech"));
offerInstall(at("install"));
register();
refocus();
