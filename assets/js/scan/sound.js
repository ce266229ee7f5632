// What a scan sounds like: tones, vibration and, if the keeper wants it, words. The keeper looks at people, not at the screen.
import { say, whenVoiced } from "./voice.js";

const SPEAK = "volunteer-speak";
let sound = null;

// Browsers play nothing before the first tap: called from one.
export function unlock() {
  try {
    sound ||= new AudioContext();
    if (sound.state === "suspended") sound.resume();
  } catch { /* no sound here */ }
}

export function tell(state) {
  if (!state) return;
  navigator.vibrate?.(state.dataset.buzz.split(" ").map(Number));
  unlock();
  if (sound) play(state.dataset.tones.split(" ").map(Number));
  if (wanted()) say([state.querySelector("h1, h2")?.textContent || ""].filter(Boolean));
}

function play(tones) {
  let at = sound.currentTime;
  for (const tone of tones) {
    const voice = sound.createOscillator(), volume = sound.createGain();
    volume.gain.value = 0.2;
    voice.frequency.value = tone;
    voice.connect(volume).connect(sound.destination);
    voice.start(at);
    voice.stop(at + 0.12);
    at += 0.17;
  }
}

function wanted() {
  try { return localStorage.getItem(SPEAK) === "1"; } catch { return false; }
}

// The switch is there where the device has a Chinese voice; it remembers what was chosen.
export function offerSpeech(choice, around) {
  choice.checked = wanted();
  choice.addEventListener("change", () => {
    try { localStorage.setItem(SPEAK, choice.checked ? "1" : "0"); } catch { /* for this page only */ }
    if (choice.checked) say([choice.dataset.sample]);
  });
  whenVoiced((is) => { around.hidden = !is; });
}
