// Renews the living code while the page is open. Without a network it shows the codes kept for the next two steps, each
// in its time, and after them the offline code, which is that of the card: a keeper has to look at what comes of it.
const STEP = 30;
const AHEAD = 2;
const picture = document.getElementById("code");
const stale = document.getElementById("stale");
const offline = document.getElementById("offline");
const living = document.getElementById("living");
const address = new URL(picture.src);
// The server said in how many seconds the next step begins; the device's clock only counts on from there.
const begins = now() + Number(picture.dataset.refresh);
let kept = [];
let keptIn = 0;
let timer = 0;

function now() {
  return Date.now() / 1000;
}

function step() {
  return Math.floor((now() - begins) / STEP);
}

async function fetched(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(8000) });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  return "data:image/svg+xml," + encodeURIComponent(await answer.text());
}

function at(ahead) {
  const url = new URL(address);
  url.searchParams.set("ahead", ahead);
  return url;
}

async function keep() {
  const current = step();
  const found = await Promise.all([at(0), at(1), at(AHEAD), picture.dataset.offline].map(fetched));
  kept = found;
  keptIn = current;
}

async function renew() {
  wait();
  try {
    await keep();
  } catch { /* What was kept is shown, each in its step. */ }
  show();
}

function show() {
  const passed = step() - keptIn;
  const isLost = kept.length ? passed > AHEAD : true;
  if (kept.length) picture.src = kept[Math.min(Math.max(passed, 0), AHEAD + 1)];
  offline.hidden = !(isLost && kept.length);
  stale.hidden = !(isLost && !kept.length);
  living.hidden = isLost;
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(renew, (begins + (step() + 1) * STEP - now()) * 1000 + 300);
}

window.addEventListener("online", renew);
document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
wait();
keep().then(show, () => { /* The picture that came with the page is good for now; the next step tries again. */ });
