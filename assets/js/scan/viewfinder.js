// The camera's part of the scanning page: its buttons, what to do when it does not open, and photos of a code.
const SAME_MS = 3000;
const at = (id) => document.getElementById(id);
const [opener, finder, video, torch, turn, closer, help, photo, busy] = ["camera-open", "finder", "video", "torch", "turn", "camera-close", "camera-help", "photo", "photo-busy"].map(at);
const code = () => import("./camera.js");
const seen = new Map();
let camera = null;

// A code that stays in view is one scan; whatever came of it, the next code is taken at once (peers.md T17).
function isNew(text) {
  const now = performance.now(), last = seen.get(text);
  for (const [other, when] of seen) if (now - when > SAME_MS) seen.delete(other);
  seen.set(text, now);
  return last === undefined || now - last > SAME_MS;
}

// Every browser says "module" of a part of ours that did not come: the network went before it was fetched.
const why = (error) => !globalThis.isSecureContext ? "insecure" : /module/i.test(error.message) ? "unloaded"
  : { NotAllowedError: "denied", SecurityError: "denied", NotReadableError: "busy", AbortError: "busy" }[error.name] || "none";

function fail(error) {
  explain(why(error));
  shut();
}

function shut() {
  camera?.close();
  finder.hidden = true;
  opener.hidden = false;
  document.body.classList.remove("has-camera");
}

async function show() {
  torch.hidden = !camera.hasTorch;
  torch.setAttribute("aria-pressed", "false");
  turn.hidden = (await camera.others()).length < 2;
}

async function open(found) {
  opener.disabled = true;
  help.hidden = true;
  try {
    if (!navigator.mediaDevices?.getUserMedia) throw new TypeError("no camera here");
    camera ||= new (await code()).Camera(video, (text) => { if (isNew(text)) found(text); });
    finder.hidden = false;
    await camera.open();
    opener.hidden = true;
    document.body.classList.add("has-camera");
    await show();
  } catch (error) {
    fail(error);
  } finally {
    opener.disabled = false;
  }
}

function explain(reason) {
  for (const one of help.querySelectorAll("[data-why]")) one.hidden = one.dataset.why !== reason;
  help.hidden = false;
}

// What this page does not read the server may: `ask` gives its text, or says in words why there is none.
async function takePhoto(found, ask) {
  const file = photo.files[0];
  photo.value = "";
  if (!file) return;
  help.hidden = true;
  busy.hidden = false;
  let told = { code: "" };
  try { told.code = await (await code()).readPhoto(file); } catch { /* no picture that this page opens */ }
  try { if (!told.code && navigator.onLine) told = await ask(file); } catch { /* no network after all */ }
  busy.hidden = true;
  if (told.code) return found(told.code);
  at("photo-said").textContent = told.message || "";
  explain(told.message ? "said" : "photo");
}

// `unlock` runs within the tap: browsers give sound only there.
export function offerCamera(found, unlock, opened, ask) {
  opener.hidden = photo.closest("[hidden]").hidden = false;
  opener.addEventListener("click", async () => { unlock(); await open(found); opened(Boolean(camera?.isOpen)); });
  closer.addEventListener("click", () => { shut(); opened(false); });
  photo.addEventListener("change", () => { unlock(); takePhoto(found, ask); });
  turn.addEventListener("click", async () => { try { await camera.turn(); await show(); } catch (error) { fail(error); opened(false); } });
  torch.addEventListener("click", async () => {
    const on = torch.getAttribute("aria-pressed") !== "true";
    try { await camera.light(on); torch.setAttribute("aria-pressed", String(on)); } catch { torch.hidden = true; }
  });
  addEventListener("pagehide", () => camera?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) { shut(); opened(false); } });
}
