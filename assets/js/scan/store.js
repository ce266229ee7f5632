// What a keeper's device keeps: scans until their answer is there (`scans`), the sealed list of the day (`packs`), and what
// the pages need to begin without a network (`facts`). Writing ends when it is on the disk.
const STORES = { scans: "id", packs: "station", facts: "name" };
const OPEN_MS = 3000;
let opening = null;

function database() {
  opening ||= new Promise((done, fail) => {
    const asked = indexedDB.open("volunteer-scans", 1);
    const late = setTimeout(() => fail(new Error("no answer")), OPEN_MS); // some browsers never give one
    asked.onupgradeneeded = () => { for (const [name, key] of Object.entries(STORES)) asked.result.createObjectStore(name, { keyPath: key }); };
    asked.onsuccess = () => {
      clearTimeout(late);
      asked.result.onversionchange = () => { asked.result.close(); opening = null; };
      asked.result.onclose = () => { opening = null; };
      done(asked.result);
    };
    asked.onerror = () => fail(asked.error);
    asked.onblocked = () => fail(new Error("blocked"));
  }).catch((error) => { opening = null; throw error; });
  return opening;
}

// A device that rested may have cut the connection without a word: then another one is opened.
async function begin(name, mode) {
  const start = async () => (await database()).transaction(name, mode, { durability: "strict" });
  try { return await start(); } catch { opening = null; return start(); }
}

// Run `work` on a store within one transaction; what its request found comes when the transaction is over.
async function run(name, mode, work) {
  const transaction = await begin(name, mode);
  return new Promise((done, fail) => {
    const asked = work(transaction.objectStore(name));
    transaction.oncomplete = () => done(asked?.result);
    transaction.onabort = transaction.onerror = () => fail(transaction.error);
  });
}

export const put = (name, one) => run(name, "readwrite", (store) => store.put(one));
export const get = (name, key) => run(name, "readonly", (store) => store.get(key));
export const all = (name) => run(name, "readonly", (store) => store.getAll());
export const remove = (name, key) => run(name, "readwrite", (store) => store.delete(key));
export const empty = (name) => run(name, "readwrite", (store) => store.clear());

// Change one row as it is now: another page may have changed it meanwhile.
export const change = (name, key, how) => run(name, "readwrite", (store) => {
  const asked = store.get(key);
  asked.onsuccess = () => { const next = asked.result && how(asked.result); if (next) store.put(next); };
  return asked;
});
