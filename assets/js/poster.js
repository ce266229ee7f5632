// Renews the station's code, tells the time, keeps the screen on, and says so when the code can no longer be trusted.
const poster = document.getElementById("poster");
const [picture, left, inside, clock, live, paused, full] = ["code", "left", "inside", "clock", "live", "paused", "full"].map((id) => document.getElementById(id));
const lateMs = Number(poster.dataset.late) * 1000;
const told = new Intl.DateTimeFormat("zh-CN", { timeZone: poster.dataset.zone, month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
let fresh = Date.now(), due = fresh + Number(poster.dataset.refresh) * 1000, ahead = 0, busy = false;

// A network that wants a sign-in of its own answers with a page, and status 200.
const isPicture = (answer) => /^image\/svg/.test(answer.headers.get("Content-Type"));

async function renew() {
  busy = true;
  const stop = new AbortController(), limit = setTimeout(() => stop.abort(), 8000);
  try {
    const answer = await fetch(poster.dataset.address, { cache: "no-store", signal: stop.signal });
    if (answer.status === 403 || /\/login$/.test(new URL(answer.url).pathname)) return location.reload(); // signed out
    if (!answer.ok || !isPicture(answer)) throw new Error(answer.status);
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await answer.text())}`;
    inside.textContent = inside.dataset.words.replace("#", answer.headers.get("Inside"));
    fresh = Date.now();
    due = fresh + Number(answer.headers.get("Refresh-After")) * 1000;
    ahead = (Date.parse(answer.headers.get("Date")) || fresh) - fresh;
  } catch {
    due = Date.now() + 5000;
  } finally {
    clearTimeout(limit);
    busy = false;
  }
}

function tick() {
  const now = Date.now(), isLate = now - fresh > lateMs;
  if (now >= due && !busy) renew();
  live.hidden = isLate;
  paused.hidden = !isLate;
  left.textContent = left.dataset.words.replace("#", Math.max(0, Math.ceil((due - now) / 1000)));
  clock.textContent = told.format(new Date(now + ahead));
}

async function stayAwake() {
  try { await navigator.wakeLock?.request("screen"); } catch { /* the battery decides */ }
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) { due = 0; stayAwake(); } });
addEventListener("online", () => { due = 0; });
if (document.fullscreenEnabled) {
  full.hidden = false;
  full.addEventListener("click", () => poster.requestFullscreen());
}
setInterval(tick, 1000);
stayAwake();
tick();
