// Nobody signs out while this device keeps scans that were not sent; who does leaves nothing of the day behind.
import { all, empty, get, remove } from "./scan/store.js";

const form = document.querySelector("form[data-leave]"), warning = document.getElementById("leaving");

async function leave() {
  const scans = await all("scans"), unsent = scans.filter((one) => one.state === "unsent");
  if (!unsent.length) {
    for (const one of scans) if (one.state === "answered") await remove("scans", one.id);
    await empty("packs");
    await empty("facts");
    return true;
  }
  const last = unsent[0].station || (await get("facts", "last"))?.station;
  const shown = warning.content.cloneNode(true).firstElementChild, title = shown.querySelector("h2");
  title.textContent = title.textContent.replace("#", unsent.length);
  shown.querySelector("a").href = `/station/${last}/queue`;
  document.querySelector("[data-k=leaving]")?.remove();
  document.getElementById("main").prepend(shown);
  shown.focus();
  return false;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await leave().catch(() => true)) form.submit();
});
