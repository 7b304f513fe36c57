// The session token arrives once, in the address. It moves to sessionStorage, which survives a reload but not the tab,
// and leaves the address at once: an address is shown in dashboards and screenshots.

const KEY = "parley.token";

/**
 * @param {{location: Location, history: History, sessionStorage: Storage}} page
 * @returns {string} the token, or "" when this tab never had one
 */
export function takeToken({ location, history, sessionStorage }) {
  const address = new URL(location.href);
  const fresh = address.searchParams.get("t");
  if (fresh === null) return read(sessionStorage);
  address.searchParams.delete("t");
  history.replaceState(null, "", address.pathname + address.search + address.hash);
  if (fresh) write(sessionStorage, fresh);
  return fresh || read(sessionStorage);
}

// Storage throws when the browser forbids it; the page then works until its first reload.
function read(storage) {
  try {
    return storage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function write(storage, token) {
  try {
    storage.setItem(KEY, token);
  } catch {
    // see read
  }
}

export const token = globalThis.document ? takeToken(globalThis) : "";
