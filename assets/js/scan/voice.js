// What a device says aloud, where it has a Chinese voice; elsewhere nothing offers to.
export const chinese = () => globalThis.speechSynthesis?.getVoices().find((voice) => /^(zh|cmn)/i.test(voice.lang));

// Calls back with whether there is such a voice, now and whenever that changes: many browsers load their voices late.
export function whenVoiced(tell) {
  if (!globalThis.speechSynthesis) return;
  const look = () => tell(Boolean(chinese()));
  speechSynthesis.addEventListener?.("voiceschanged", look);
  look();
}

export function hush() {
  globalThis.speechSynthesis?.cancel();
}

// Says sentences one after the other (long ones are cut off by some voices), and then calls `done`.
export function say(sentences, done) {
  const voice = chinese();
  if (!voice || !sentences.length) return;
  hush();
  for (const [place, words] of sentences.entries()) {
    const spoken = new SpeechSynthesisUtterance(words);
    spoken.voice = voice;
    spoken.lang = voice.lang;
    if (done) spoken.onerror = spoken.onend = (event) => { if (event.type === "error" || place === sentences.length - 1) done(); };
    speechSynthesis.speak(spoken);
  }
}
