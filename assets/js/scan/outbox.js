// Scans on their way to the server: kept before they are sent, given up only when the answer is there. Whatever the server
// says to a request, a scan stays until it has an answer of its own (peers.md T19, T20). Sent twice it is the same scan.
import { all, change, put, remove } from "./store.js";

const MOST = 100, TICK_MS = 10_000, LONGEST_MS = 300_000, CUT_MS = 30_000, PATIENCE_MS = 20_000, DAY_MS = 86_400_000;
const KEPT_DAYS = { answered: 2, handed: 30 };
const SKEW_MS = 30_000;

class Trouble extends Error {
  constructor(kind, seconds = 0) { super(kind); this.kind = kind; this.seconds = seconds; }
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// fetch that gives up, and tells how far this device's clock is from the server's.
export async function ask(address, options, patience) {
  const stop = new AbortController(), limit = setTimeout(() => stop.abort(), patience), began = Date.now();
  try {
    const reply = await fetch(address, { cache: "no-store", ...options, signal: stop.signal });
    const told = Date.parse(reply.headers.get("Date"));
    if (told) clock.offset = told + 500 - (began + Date.now()) / 2; // the header counts whole seconds
    reply.words = await reply.text();
    return reply;
  } finally {
    clearTimeout(limit);
  }
}

export const clock = { offset: 0, get isWrong() { return Math.abs(this.offset) > SKEW_MS; } };

export class Outbox extends EventTarget {
  // `owner` is who is signed in, `csrf` their token; both are asked for where the page was opened without a network.
  constructor(place) {
    super();
    this.place = place;
    this.flying = new Set();
    this.fails = this.nextAt = 0;
    this.isCut = false;
    this.trouble = "";
    this.others = globalThis.BroadcastChannel ? new BroadcastChannel("volunteer-scans") : null;
    this.others?.addEventListener("message", () => this.dispatchEvent(new Event("change")));
  }

  start() {
    this.prune();
    addEventListener("online", () => this.flush(true));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.flush(true); });
    setInterval(() => this.flush(), TICK_MS);
    this.flush(true);
  }

  changed() {
    this.dispatchEvent(new Event("change"));
    this.others?.postMessage("");
  }

  // Keep a scan; it is safe when this returns. It flies, and waits for nobody, until its sender lets it down.
  async keep(scan) {
    const kept = { id: newId(), ...scan, owner: this.place.owner, state: "unsent", scanned_at: new Date().toISOString() };
    await put("scans", kept);
    this.flying.add(kept.id);
    return kept;
  }

  async settle(id, shown) {
    await change("scans", id, (one) => ({ ...one, state: "answered", shown, code: "", answered_at: Date.now(), why: "" }));
  }

  // What the device knows of a kept scan by itself.
  async note(id, more) {
    await change("scans", id, (one) => ({ ...one, ...more }));
    this.changed();
  }

  async list() { return (await all("scans")).sort((a, b) => b.scanned_at.localeCompare(a.scanned_at)); }
  async unsent() { return (await this.list()).filter((one) => one.state === "unsent").reverse(); }

  // What was answered two days ago is in the server's books; what waits for its answer stays as long as it waits.
  async prune() {
    for (const one of await this.list()) if (Date.now() - one.answered_at > KEPT_DAYS[one.state] * DAY_MS) await remove("scans", one.id);
  }

  // Send what waits; `now` is a person's wish, or a network that has just come.
  flush(now = false) {
    if (!now && Date.now() < this.nextAt) return Promise.resolve();
    this.flushing ||= alone(() => this.empty(now)).finally(() => { this.flushing = null; this.changed(); });
    return this.flushing;
  }

  async empty(now) {
    const waiting = (await this.unsent()).filter((one) => !this.flying.has(one.id) && (now || !(one.retry_at > Date.now())));
    const station = waiting[0]?.station || this.place.station;
    if (!station || (!waiting.length && this.place.csrf)) return;
    try {
      if (!this.place.csrf) await this.introduce(station); // a page that was opened without a network
      const mine = waiting.filter((one) => one.owner === this.place.owner || one.taken === this.place.owner);
      for (const place of new Set(mine.map((one) => one.station))) {
        const there = mine.filter((one) => one.station === place);
        for (let i = 0; i < there.length; i += MOST) await this.send(place, there.slice(i, i + MOST));
      }
      this.fails = this.nextAt = 0;
      this.trouble = "";
      this.isCut = false;
    } catch (error) {
      this.trouble = error.kind || "network";
      this.isCut = this.trouble === "network";
      this.fails += 1;
      const most = this.isCut ? CUT_MS : LONGEST_MS; // a network may be back any moment
      this.nextAt = Date.now() + Math.max((error.seconds || 0) * 1000, Math.min(most, TICK_MS * 2 ** (this.fails - 1)));
    }
  }

  async introduce(station) {
    const reply = await ask(`/station/${station}/sync`, {}, PATIENCE_MS).catch(() => { throw new Trouble("network"); });
    if (reply.redirected || reply.status === 401) throw new Trouble("sign-in");
    if (!reply.ok) throw new Trouble(reply.status < 500 ? "forbidden" : "server");
    Object.assign(this.place, JSON.parse(reply.words));
    this.dispatchEvent(new Event("introduced"));
  }

  post(station, list) {
    const events = list.map(({ id, code, direction, shift_id, scanned_at }) => ({ id, volunteer_code: code, direction, shift_id: shift_id || null, scanned_at }));
    const body = JSON.stringify({ sent_at: new Date().toISOString(), events });
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.place.csrf };
    return ask(`/station/${station}/sync`, { method: "POST", body, headers }, PATIENCE_MS).catch(() => { throw new Trouble("network"); });
  }

  async send(station, list) {
    let reply = await this.post(station, list);
    if (reply.status === 403) { // a token of an older session
      await this.introduce(station);
      if (list.some((one) => one.owner !== this.place.owner && one.taken !== this.place.owner)) return;
      reply = await this.post(station, list);
    }
    if (reply.redirected || reply.status === 401) throw new Trouble("sign-in");
    if (reply.status === 429) throw new Trouble("busy", Number(reply.headers.get("Retry-After")));
    if (reply.ok) return this.answered(list, JSON.parse(reply.words).results);
    const isOurs = reply.status >= 400 && reply.status < 500;
    if (!isOurs && this.fails < 3) throw new Trouble("server");
    if (list.length > 1 && ![403, 404].includes(reply.status)) { // one of them must not hold up the others
      const half = Math.ceil(list.length / 2);
      await this.send(station, list.slice(0, half));
      return this.send(station, list.slice(half));
    }
    for (const one of list) await change("scans", one.id, (kept) => ({ ...kept, why: reply.status, retry_at: Date.now() + LONGEST_MS }));
  }

  async answered(list, results) {
    const asked = new Set(list.map((one) => one.id));
    for (const result of results) if (asked.has(result.id)) await this.settle(result.id, result);
  }
}

// Two pages of one device do not send the same at once; where there are no locks it would be harmless.
function alone(work) {
  return navigator.locks ? navigator.locks.request("volunteer-sync", work) : work();
}
