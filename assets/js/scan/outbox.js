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
    if (told) Object.assign(clock, { offset: told + 500 - (began + Date.now()) / 2, heard: told }); // the header counts whole seconds
    reply.words = await reply.text();
    return reply;
  } finally {
    clearTimeout(limit);
  }
}

// `offset` is how far this device's clock is behind the server's, `heard` when the server was last heard, by its own clock.
export const clock = { offset: 0, heard: 0, get isWrong() { return Math.abs(this.offset) > SKEW_MS; } };

// The server reads a scan's time by the clock that it is sent with. Where that clock was set meanwhile (this page asks for
// it), its time would move: a scan lies between the last word with the server before it and now (peers.md T24).
export function timeOf(one) {
  const at = Date.parse(one.scanned_at), lies = (offset) => at + offset > one.heard - SKEW_MS && at + offset < Date.now() + clock.offset + SKEW_MS;
  if (!one.heard || !clock.heard || lies(clock.offset) || !lies(one.offset)) return one.scanned_at;
  return new Date(at + one.offset - clock.offset).toISOString();
}

// What an answer means where it is not the one that was asked for.
export const isSignIn = (reply) => reply.status === 401 || (reply.redirected && new URL(reply.url).pathname === "/login");

// A network that wants a sign-in of its own first (a hotel's, a station's) answers everything with its page, and status 200.
function read(reply, field) {
  if (isSignIn(reply)) throw new Trouble("sign-in");
  if (reply.status === 429) throw new Trouble("busy", Number(reply.headers.get("Retry-After")));
  if (reply.status >= 500) throw new Trouble("server");
  if (!reply.ok) throw new Trouble("forbidden");
  let told = null;
  try { told = JSON.parse(reply.words); } catch { /* no answer of ours */ }
  if (reply.redirected || !told?.[field]) throw new Trouble("portal");
  return told;
}

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
    const kept = { id: newId(), ...scan, owner: this.place.owner, state: "unsent", scanned_at: new Date().toISOString(), heard: clock.heard, offset: clock.offset };
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

  isOthers(one) { return Boolean(this.place.owner) && one.owner !== this.place.owner && one.taken !== this.place.owner; }

  async empty(now) {
    const waiting = (await this.unsent()).filter((one) => !this.flying.has(one.id) && (now || !(one.retry_at > Date.now())));
    const stations = new Set([this.place.station, ...waiting.map((one) => one.station)].filter(Boolean));
    this.isRefused = false;
    try {
      if (!this.place.csrf) await this.introduce([...stations]); // a page that was opened without a network
      const mine = waiting.filter((one) => !this.isOthers(one));
      for (const place of stations) {
        const there = mine.filter((one) => one.station === place);
        for (let i = 0; i < there.length; i += MOST) await this.send(place, there.slice(i, i + MOST));
      }
      this.fails = this.nextAt = 0;
      this.trouble = this.isRefused ? "forbidden" : "";
      this.isCut = false;
    } catch (error) {
      this.trouble = error.kind || "network";
      this.isCut = ["network", "portal"].includes(this.trouble);
      this.fails += 1;
      const most = this.isCut ? CUT_MS : LONGEST_MS; // a network may be back any moment
      this.nextAt = Date.now() + Math.max((error.seconds || 0) * 1000, Math.min(most, TICK_MS * 2 ** (this.fails - 1)));
    }
  }

  // Learn who is signed in, at the first of these stations that is still theirs.
  async introduce([station, ...others]) {
    if (!station) return;
    try {
      const reply = await ask(`/station/${station}/sync`, {}, PATIENCE_MS).catch(() => { throw new Trouble("network"); });
      Object.assign(this.place, read(reply, "csrf"));
    } catch (error) {
      if (error.kind !== "forbidden" || !others.length) throw error;
      return this.introduce(others);
    }
    this.dispatchEvent(new Event("introduced"));
  }

  post(station, list) {
    const events = list.map((one) => ({ id: one.id, volunteer_code: one.code, direction: one.direction, shift_id: one.shift_id || null, scanned_at: one.told_at || one.scanned_at }));
    const body = JSON.stringify({ sent_at: new Date().toISOString(), events });
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.place.csrf };
    return ask(`/station/${station}/sync`, { method: "POST", body, headers }, PATIENCE_MS).catch(() => { throw new Trouble("network"); });
  }

  // A time that was moved stays as it is told first: with another it would be another scan.
  async tell(list, timed) {
    for (const one of list) {
      one.told_at = timed(one);
      await change("scans", one.id, (kept) => ({ ...kept, told_at: one.told_at }));
    }
  }

  async send(station, list) {
    await this.tell(list.filter((one) => !one.told_at && timeOf(one) !== one.scanned_at), timeOf);
    let reply = await this.post(station, list);
    if (reply.status === 403) { // a token of an older session, or a station that is theirs no more
      try { await this.introduce([station]); } catch (error) { if (error.kind !== "forbidden") throw error; return this.refused(list, 403); }
      if (list.some((one) => this.isOthers(one))) return;
      reply = await this.post(station, list);
    }
    if ([403, 404].includes(reply.status)) return this.refused(list, reply.status);
    const isOdd = reply.status === 500 ? this.fails >= 3 : reply.status >= 400 && reply.status < 500 && ![401, 429].includes(reply.status);
    if (!isOdd) return this.answered(station, list, read(reply, "results").results);
    if (list.length === 1) return this.leave(list, reply.status);
    const half = Math.ceil(list.length / 2); // one of them must not hold up the others
    await this.send(station, list.slice(0, half));
    await this.send(station, list.slice(half));
  }

  // Only a result of its own settles a scan; what an answer leaves out stays, and what had arrived before its time was
  // moved is asked for again by the time that it arrived with.
  async answered(station, list, results) {
    const told = new Map([...results].map((one) => [one.id, one]));
    const moved = list.filter((one) => told.get(one.id)?.key === "reused" && one.told_at && one.told_at !== one.scanned_at);
    await this.tell(moved, (one) => one.scanned_at);
    if (moved.length) await this.send(station, moved);
    for (const one of list.filter((one) => !moved.includes(one))) await (told.get(one.id)?.title ? this.settle(one.id, told.get(one.id)) : this.leave([one], "—"));
  }

  async refused(list, why) {
    this.isRefused = true;
    await this.leave(list, why);
  }

  // What is not taken is kept, tried again after a while, and holds up nobody.
  async leave(list, why) {
    for (const one of list) await change("scans", one.id, (kept) => ({ ...kept, why, retry_at: Date.now() + LONGEST_MS }));
  }
}

// Two pages of one device do not send the same at once; where there are no locks it would be harmless.
function alone(work) {
  return navigator.locks ? navigator.locks.request("volunteer-sync", work) : work();
}
