// The camera: opened by a tap, looked at up to ten times a second, at rest while nobody sees the page.
import { prepare, read } from "./decoder.js";

export { readPhoto, shrink } from "./decoder.js";
const GAP_MS = 100, SMALL = 640, FULL = 1280, CHOSEN = "volunteer-camera";

export class Camera {
  constructor(video, found) {
    this.video = video;
    this.found = found;
    this.frame = 0;
    this.turning = "";
    document.addEventListener("visibilitychange", () => { if (!document.hidden && this.isOpen) this.wake(); });
  }

  get isOpen() { return Boolean(this.stream); }
  get track() { return this.stream?.getVideoTracks()[0]; }

  // Throws what the browser says: NotAllowedError, NotFoundError, NotReadableError, or TypeError where there are no cameras.
  async open() {
    const preparing = prepare();
    preparing.catch(() => {});
    const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wish(this.turning || kept()) });
    await preparing.catch((error) => { for (const track of stream.getTracks()) track.stop(); throw error; });
    this.close();
    this.stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    await this.stayAwake();
    this.look(stream);
  }

  close() {
    for (const track of this.stream?.getTracks() || []) track.stop();
    this.stream = this.video.srcObject = null;
    this.lock?.release().catch(() => {});
    this.lock = null;
  }

  // Whose stream it was ends with it: opening another starts a loop of its own.
  async look(stream) {
    while (this.stream === stream) {
      const began = performance.now();
      if (!document.hidden && this.video.videoWidth) {
        const text = await read(this.video, this.video.videoWidth, this.video.videoHeight, this.frame++ % 3 < 2 ? SMALL : FULL);
        this.video.dataset.ms = Math.round(performance.now() - began);
        if (text && this.stream === stream) this.found(text);
      }
      await new Promise((done) => setTimeout(done, Math.max(GAP_MS - (performance.now() - began), 15)));
    }
  }

  // The system may have taken the camera while the page was hidden.
  async wake() {
    if (this.track?.readyState === "ended") await this.open().catch(() => this.close());
    else this.video.play().catch(() => {});
    this.stayAwake();
  }

  async stayAwake() {
    try { this.lock = await navigator.wakeLock?.request("screen"); } catch { /* the battery decides */ }
  }

  get hasTorch() { return Boolean(this.track?.getCapabilities?.().torch); }

  async light(on) { await this.track.applyConstraints({ advanced: [{ torch: on }] }); }

  async others() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((one) => one.kind === "videoinput");
  }

  async turn() {
    const cameras = await this.others(), mine = this.track?.getSettings().deviceId;
    const next = cameras[(cameras.findIndex((one) => one.deviceId === mine) + 1) % cameras.length];
    this.turning = next.deviceId;
    this.close(); // many phones open one camera at a time
    await this.open();
    try { localStorage.setItem(CHOSEN, next.deviceId); } catch { /* for this page only */ }
  }
}

function kept() {
  try { return localStorage.getItem(CHOSEN) || ""; } catch { return ""; }
}

function wish(device) {
  const size = { width: { ideal: FULL }, height: { ideal: 720 } };
  return device ? { ...size, deviceId: { ideal: device } } : { ...size, facingMode: { ideal: "environment" } };
}
