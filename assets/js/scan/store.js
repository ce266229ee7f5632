// What a keeper's device keeps: scans until their answer is there (`scans`), the sealed list of the day (`packs`), and what
// the pages need to begin without a network (`facts`). Writing ends when it is on the disk.
const STORES = { scans: "id", packs: "station", facts: "name" };
let opening = null;

function database() {
  opening ||= new Promise((done, fail) => {
    const asked = indexedDB.open("volunteer-scans", 1);
    asked.onupgradeneeded = () => { for (const [name, key] of Object.entries(STORES)) asked.result.createObjectStore(name, { keyPath: key }); };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opening = null; };
      asked.result.onclose = () => { opening = null; };
      done(asked.result);
    };
    asked.onerror = () => { opening = null; fail(asked.error); };
    asked.onblocked = () => { opening = null; fail(new Error("blocked")); };
  });
  return opening;
}

// Run `work` on a store within one transaction; what its request found comes when the transaction is over.
async function run(name, mode, work) {
  const transaction = (await database()).transaction(name, mode, { durability: "strict" });
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
