// "Read to me": the parts of the page that its button names, read sentence by sentence; pressed again, it is quiet.
import { hush, say, whenVoiced } from "./scan/voice.js";

const button = document.getElementById("aloud");
const silent = "[aria-hidden=true], [hidden], button, form, script, noscript, .visually-hidden";
let reading = false;

// A sign to look at is not read; a number to be told to somebody is read digit by digit.
function sentences(parts) {
  const found = [];
  for (const part of parts) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent.replace(/\s+/g, " ").trim();
      if (/[\p{L}\p{N}]/u.test(text) && !walker.currentNode.parentElement.closest(silent)) found.push(...text.split(/(?<=[。!?!?;;])/u));
    }
  }
  return found.map((one) => one.trim().replace(/\d{4,}/g, (digits) => [...digits].join(" "))).filter(Boolean);
}

function turn(on) {
  reading = on;
  button.textContent = on ? button.dataset.stop : button.dataset.start;
}

button.addEventListener("click", () => {
  if (reading) {
    hush();
    return turn(false);
  }
  turn(true);
  say(sentences(document.querySelectorAll(button.dataset.of)), () => turn(false));
});
addEventListener("pagehide", hush);
whenVoiced((is) => { button.hidden = !is; });
