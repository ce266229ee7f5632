// Renews the living code while the page is open. Without a network it shows the codes kept for the next two steps, each
// in its time, and after them the offline code, which is that of the card: a keeper has to look at what comes of it.
const STEP = 30;
const AHEAD = 2;
const picture = document.getElementById("code");
const stale = document.getElementById("stale");
const offline = document.getElementById("offline");
const living = document.getElementById("living");
const left = document.getElementById("left");
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
  // A network that wants a sign-in of its own answers with a page, and status 200.
  if (!answer.ok || !/^image\/svg/.test(answer.headers.get("Content-Type"))) throw new Error(answer.status);
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
  living.hidden = left.hidden = isLost;
}

function count() {
  left.textContent = left.dataset.words.replace("#", Math.max(1, Math.ceil(begins + (step() + 1) * STEP - now())));
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(renew, (begins + (step() + 1) * STEP - now()) * 1000 + 300);
}

window.addEventListener("online", renew);
document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
setInterval(count, 1000);
left.hidden = false;
count();
wait();
keep().then(show, () => { /* The picture that came with the page is good for now; the next step tries again. */ });
