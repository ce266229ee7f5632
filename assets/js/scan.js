// The scanner's page without reloading: what a camera sees or a hand scanner types is sent at once, and the page is ready
// for the next. Each scan has an id of its own, so that one sent again after a lost answer is the same scan.
// Without this file the form works.
import { offerSpeech, tell, unlock } from "./scan/sound.js";
import { offerCamera } from "./scan/viewfinder.js";

const CODE = /^9[12][0-9]{25}$/;
const PAUSE_MS = 60, STAYS_MS = 6000;

const form = document.getElementById("scanner");
const input = form.elements.code;
const typed = document.getElementById("typed");
const answer = document.getElementById("answer");
const failed = document.getElementById("failed");
let pause = 0;
let queue = Promise.resolve();
let unsent = null;
let hasCamera = false;
let clearing = 0;

const plain = (text) => text.normalize("NFKC").replace(/[\s\p{C}]/gu, "");

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Take what stands in the input, and make room for the next scan before this one is answered.
function submit() {
  clearTimeout(pause);
  const text = input.value.trim();
  input.value = "";
  take(text);
}

function take(text) {
  const body = new FormData(form);
  const again = unsent && unsent.text === text && unsent.direction === body.get("direction");
  body.set("code", text);
  body.set("scan_id", again ? unsent.id : newId());
  send(body);
}

function send(body) {
  body.set("part", "answer");
  queue = queue.then(() => post(body));
}

async function post(body) {
  try {
    const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const html = await reply.text();
    if (reply.redirected) { location.assign(reply.url); return; }
    if (!html.includes('data-part="answer"')) throw new Error(reply.status);
    unsent = null;
    answer.innerHTML = html;
  } catch {
    unsent = { id: body.get("scan_id"), text: body.get("code") || "", direction: body.get("direction") };
    const panel = answer.querySelector("[data-panel]");
    const shown = document.createElement("div");
    shown.dataset.panel = "";
    shown.append(failed.content.cloneNode(true));
    if (panel) panel.replaceWith(shown); else answer.prepend(shown);
    if (!input.value && !hasCamera) input.value = unsent.text;
  }
  show(answer.querySelector("[data-tones]"));
}

// With the camera open a state that asks for nothing makes room after a while; what needs somebody stays.
function show(state) {
  tell(state);
  clearTimeout(clearing);
  if (hasCamera && state?.getAttribute("role") === "status") {
    clearing = setTimeout(() => { answer.querySelector("[data-panel]")?.replaceChildren(); }, STAYS_MS);
  }
  refocus();
}

// On a phone with the camera open the focus would only bring up the keyboard; a hand scanner finds the input anyway.
function refocus() {
  if (!hasCamera) input.focus({ preventScroll: true });
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
  if (!fills && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus();
});
// Entering somebody by hand answers in the same place.
answer.addEventListener("submit", (event) => {
  event.preventDefault();
  send(new FormData(event.target));
});
// The other direction and the choice of a shift change the form in place: a link would close the camera.
answer.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]"), there = link && new URL(link.href);
  if (!there || there.pathname !== location.pathname || !there.searchParams.has("direction")) return;
  event.preventDefault();
  form.elements.direction.value = there.searchParams.get("direction");
  if (there.searchParams.has("shift_id")) {
    form.elements.shift_id.value = there.searchParams.get("shift_id");
    document.getElementById("choices").open = true;
  }
  answer.querySelector("[data-panel]").replaceChildren();
  refocus();
});

offerCamera(take, unlock, (isOpen) => {
  hasCamera = isOpen;
  if (isOpen) { answer.after(typed); document.getElementById("finder").scrollIntoView({ block: "nearest" }); } else { answer.before(typed); refocus(); }
});
offerSpeech(document.getElementById("speak"), document.getElementById("speech"));
refocus();
