// The scanner's page without reloading: what a hand scanner types is sent at once, the input keeps the focus. Each scan
// has an id of its own, so that one sent again after a lost answer is the same scan. Without this file the form works.
const CODE = /^9[12][0-9]{25}$/;
const PAUSE_MS = 60;

const form = document.getElementById("scanner");
const input = form.elements.code;
const answer = document.getElementById("answer");
const failed = document.getElementById("failed");
let pause = 0;
let queue = Promise.resolve();
let unsent = null;
let sound = null;

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
  const body = new FormData(form);
  const text = input.value.trim();
  const again = unsent && unsent.text === text && unsent.direction === body.get("direction");
  body.set("scan_id", again ? unsent.id : newId());
  input.value = "";
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
    if (!input.value) input.value = unsent.text;
  }
  tell(answer.querySelector("[data-tones]"));
  input.focus();
}

// Sound and vibration of the state (ux.md §5d): the keeper looks at people, not at the screen.
function tell(state) {
  if (!state) return;
  navigator.vibrate?.(state.dataset.buzz.split(" ").map(Number));
  try {
    sound ||= new AudioContext();
    let at = sound.currentTime;
    for (const tone of state.dataset.tones.split(" ").map(Number)) {
      const voice = sound.createOscillator();
      const volume = sound.createGain();
      volume.gain.value = 0.2;
      voice.frequency.value = tone;
      voice.connect(volume).connect(sound.destination);
      voice.start(at);
      voice.stop(at + 0.12);
      at += 0.17;
    }
  } catch { /* no sound here */ }
}

form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
form.addEventListener("change", (event) => { if (event.target !== input) input.focus(); });
input.addEventListener("input", () => {
  clearTimeout(pause);
  if (CODE.test(plain(input.value))) pause = setTimeout(submit, PAUSE_MS);
});
input.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && CODE.test(plain(input.value))) { event.preventDefault(); submit(); }
});
// A scanner types wherever the focus is.
document.addEventListener("keydown", (event) => {
  const elsewhere = event.target === document.body || event.target.matches("main, [type=radio]");
  if (elsewhere && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus();
});
// Entering somebody by hand answers in the same place.
answer.addEventListener("submit", (event) => {
  event.preventDefault();
  send(new FormData(event.target));
});
input.focus();
