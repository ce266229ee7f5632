// Renews the living code while the page is open, and says so when it cannot.
const picture = document.getElementById("code");
const stale = document.getElementById("stale");
const address = new URL(picture.src);
let timer = 0;

function renew() {
  address.searchParams.set("at", Date.now());
  picture.src = address.href;
  wait(30);
}

function wait(seconds) {
  clearTimeout(timer);
  timer = setTimeout(renew, seconds * 1000 + 300);
}

picture.addEventListener("load", () => { stale.hidden = true; });
picture.addEventListener("error", () => { stale.hidden = false; wait(5); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) location.reload(); });
wait(Number(picture.dataset.refresh));
