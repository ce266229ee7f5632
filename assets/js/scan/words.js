// Words that the scanning page and the page of what was kept say alike.
const TROUBLES = { "sign-in": "Login", forbidden: "Right", busy: "Busy", server: "Server", portal: "Portal" };

// Why nothing is sent now, of the sentences that stand in the page; nothing if there is no trouble.
export const troubleIn = (words, trouble) => (trouble && words[`trouble${TROUBLES[trouble] || ""}`]) || "";

// A time as the server writes it, in the site's zone, whatever this device thinks of its own.
export const timeAt = (instant, timeZone) => new Intl.DateTimeFormat("zh-CN", { timeZone, hour: "numeric", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));
