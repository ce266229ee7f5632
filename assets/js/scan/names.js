// Who stands there, while there is no network: the day's sealed list, fetched while there is one and forgotten after the day.
import { ask, clock } from "./outbox.js";
import { lookUp } from "./pack.js";
import { all, get, put, remove } from "./store.js";

const AGAIN_MS = 15 * 60_000, PATIENCE_MS = 30_000;

export class Names {
  constructor(place, zone) {
    this.place = place;
    this.today = () => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(Date.now() + clock.offset);
  }

  start() {
    this.renew();
    setInterval(() => this.renew(), AGAIN_MS);
  }

  async renew() {
    try {
      if (!this.place.station || !globalThis.crypto?.subtle) return;
      const kept = await get("packs", this.place.station);
      const headers = kept ? { "If-None-Match": kept.etag } : {};
      const reply = await ask(`/station/${this.place.station}/pack`, { headers }, PATIENCE_MS);
      // By the server's clock: a device that thinks it is tomorrow would throw today's list away.
      for (const one of await all("packs")) if (one.pack.date < this.today()) await remove("packs", one.station);
      if (reply.status !== 200 || reply.redirected) return;
      const pack = JSON.parse(reply.words);
      if (pack.entries) await put("packs", { station: this.place.station, etag: reply.headers.get("ETag") || "", pack });
    } catch { /* the list of this morning will do */ }
  }

  // The person and what their code is worth, null for nobody of today's list, undefined where there is no list to look in.
  async look(code) {
    try {
      const kept = await get("packs", this.place.station);
      if (!kept || kept.pack.date !== this.today()) return undefined;
      return await lookUp(kept.pack, code, Date.now() + clock.offset);
    } catch { return undefined; }
  }
}
