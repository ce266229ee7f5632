// Where this page is: the station of its address, who is signed in. A page that was opened from the service worker's copy
// knows neither, and takes the station from its address or from what the last page wrote down.
import { get, put } from "./store.js";

// That this device has scanned: so other pages need not look.
export const MARK = "volunteer-scanner";
const NOWHERE = "00000000-0000-0000-0000-000000000000";
const IN_ADDRESS = /^\/station\/([0-9a-f-]{36})\//;

export async function placeOf(frame) {
  const isShell = frame.dataset.station === NOWHERE;
  if (!isShell) {
    const place = { station: frame.dataset.station, name: frame.dataset.name, owner: frame.dataset.owner, csrf: token(), isShell };
    const known = { name: `station ${place.station}`, said: place.name, shifts: shiftsOf() };
    place.keeps = await put("facts", known).then(() => true, () => false);
    await put("facts", { name: "last", station: place.station, owner: place.owner, text: document.documentElement.className }).catch(() => {});
    try { localStorage.setItem(MARK, "1"); } catch { /* then other pages look each time */ }
    return place;
  }
  const last = await get("facts", "last").catch(() => null);
  const station = IN_ADDRESS.exec(location.pathname)?.[1] || last?.station || "";
  document.documentElement.className = last?.text || "";
  const known = await get("facts", `station ${station}`).catch(() => null);
  for (const one of document.querySelectorAll("a[href], form[action]")) {
    const name = one.matches("a") ? "href" : "action";
    one.setAttribute(name, one.getAttribute(name).replace(NOWHERE, station));
  }
  for (const one of document.querySelectorAll("[data-place]")) one.textContent = known?.said || one.textContent;
  const shifts = document.getElementById("shift_id");
  for (const [id, label] of (shifts && known?.shifts) || []) shifts.add(new Option(label, id));
  return { station, name: known?.said || "", owner: last?.owner || "", csrf: "", isShell, keeps: Boolean(last) };
}

const token = () => document.querySelector("input[name=csrf_token]")?.value || "";
const shiftsOf = () => [...document.querySelectorAll("#shift_id option")].filter((one) => one.value).map((one) => [one.value, one.textContent.trim()]);
