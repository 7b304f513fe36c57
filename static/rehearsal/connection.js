// The room's socket: JSON both ways, sound down. It comes back by itself, with the room's key kept in this tab.

const KEY = "parley.room";
const FIRST_WAIT = 500;
const MOST_WAIT = 8000;
const PING_EVERY = 15_000;
/** Close codes after which coming back would be wrong: refused, in another tab, no room free. */
const FINAL = new Set([1008, 4001, 4002]);

/**
 * @param {{
 *   event: (event: object) => void,
 *   sound: (data: ArrayBuffer) => void,
 *   status: (status: "connecting"|"open"|"lost"|"renewed"|"over") => void,
 * }} to
 */
export function createConnection(to) {
  const url = new URL("/rehearsal/socket", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let socket = null;
  let wait = FIRST_WAIT;
  let timer = 0;
  let ping = 0;

  function open() {
    clearTimeout(timer);
    to.status("connecting");
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      send({ type: "join", room: sessionStorage.getItem(KEY) ?? "" });
      ping = setInterval(() => send({ type: "ping" }), PING_EVERY);
    };
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return to.sound(data);
      const event = JSON.parse(data);
      if (event.type === "welcome") {
        wait = FIRST_WAIT;
        const before = sessionStorage.getItem(KEY);
        if (before && before !== event.room) to.status("renewed");
        sessionStorage.setItem(KEY, event.room);
        to.status("open");
      }
      to.event(event);
    };
    socket.onclose = ({ code }) => {
      clearInterval(ping);
      socket = null;
      if (FINAL.has(code)) return to.status("over");
      to.status("lost");
      timer = setTimeout(open, wait * (0.8 + 0.4 * Math.random()));
      wait = Math.min(MOST_WAIT, wait * 2);
    };
  }

  /** Send a message; says whether there was a socket to send it on. */
  function send(message) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  return {
    start: open,
    send,
    /** End this room and come into a new one. */
    restart() {
      send({ type: "leave" });
      sessionStorage.removeItem(KEY);
      location.reload();
    },
    /** Give the key away: the next load of this tab opens a room of its own. */
    forget() {
      sessionStorage.removeItem(KEY);
    },
  };
}
