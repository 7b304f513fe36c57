// A classic script, loaded by the agent's page before its modules, in the rehearsal room only. It puts the room's
// sound in place of the bot's microphone; everything else on that page runs as it does in a meeting.
(() => {
  const room = () => (window.parent !== window ? window.parent.parleyMeeting : undefined);
  if (!room()) return;
  if (!navigator.mediaDevices) {
    Object.defineProperty(navigator, "mediaDevices", { value: new EventTarget(), configurable: true });
  }
  const devices = navigator.mediaDevices;
  devices.getUserMedia = async (constraints) => {
    if (!constraints?.audio || constraints.video) throw new DOMException("sound only", "NotFoundError");
    return room().stream();
  };
  // The page asks again when the browser's permission changes: here it has nothing to do with the sound.
  if (navigator.permissions) {
    navigator.permissions.query = async () => Object.assign(new EventTarget(), { state: "granted", onchange: null });
  }
})();
