// The sealed list of a station's day: an entry opens only with the pass number in the code that is shown. The other side
// of `volunteer/checkin/credentials/packs.py`, whose test vectors both read.
const FORMAT = 1, STEP_MS = 30_000, LIVE_STEPS = 2, LATE_STEPS = 60, TAG = 2, NONCE = 12, INDEX_HEX = 32;
const bytes = (text) => new TextEncoder().encode(text);
const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unbase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function hmac(key, text) {
  const made = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, bytes(text)));
}

export async function keysOf(pack, pass) {
  const base = await crypto.subtle.importKey("raw", bytes(pass), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: unhex(pack.salt), iterations: pack.iterations };
  const key = new Uint8Array(await crypto.subtle.deriveBits(how, base, 256));
  const [index, seal, tag] = await Promise.all(["index", "seal", "tag"].map((word) => hmac(key, word)));
  return { index: hex(index).slice(0, INDEX_HEX), seal, tag };
}

// Where a step's tag lies; -1 where the pack does not reach.
function placeOf(pack, step) {
  let before = 0;
  for (const run of pack.steps) {
    if (step >= run.first && step < run.first + run.count) return TAG * (before + step - run.first);
    before += run.count;
  }
  return -1;
}

// What the pack knows of a code at `now` (ms): null where nobody of the day has this pass number, else the person as the
// pack tells them, and what the code is: `valid`, `card`, `expired`, `wrong`, or `unchecked` where the pack cannot tell.
export async function lookUp(pack, code, now) {
  if (pack.format !== FORMAT) return null;
  const keys = await keysOf(pack, code.slice(2, 11));
  const entry = pack.entries.find((one) => one.index === keys.index);
  if (!entry) return null;
  const sealed = unbase64(entry.sealed);
  const bound = bytes(`volunteer-pack-${FORMAT}|${pack.station_id}|${pack.date}|${keys.index}`);
  const key = await crypto.subtle.importKey("raw", keys.seal, "AES-GCM", false, ["decrypt"]);
  const how = { name: "AES-GCM", iv: sealed.slice(0, NONCE), additionalData: bound };
  const plain = new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.slice(NONCE)));
  const length = TAG * pack.steps.reduce((sum, run) => sum + run.count, 0);
  const person = JSON.parse(new TextDecoder().decode(plain.slice(length)));
  const tag = hex((await hmac(keys.tag, code)).slice(0, TAG));
  return { person, verdict: judge(pack, person, plain, tag, code, Math.floor(now / STEP_MS)) };
}

function judge(pack, person, plain, tag, code, step) {
  if (code.startsWith("92")) return !(code[11] in person.cards) ? "unchecked" : person.cards[code[11]] === tag ? "card" : "wrong";
  if (Number(code[11]) !== person.version || placeOf(pack, step) < 0) return "unchecked";
  for (let back = 0; back < LATE_STEPS; back += 1) {
    const place = placeOf(pack, step - back);
    if (place >= 0 && hex(plain.slice(place, place + TAG)) === tag) return back < LIVE_STEPS ? "valid" : "expired";
  }
  return "wrong";
}
