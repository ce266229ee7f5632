// Asks where the phone is when the button is pressed; whatever the answer, the press goes through.
const MOST_MS = 8000, PATIENCE_MS = 20000; // a person may take longer over the phone's question than the phone over its answer
const waiting = document.getElementById("locating");

function ask(form) {
  const send = (place) => {
    if (form.dataset.sent) return;
    form.dataset.sent = "1";
    if (place) {
      form.elements.latitude.value = place.coords.latitude;
      form.elements.longitude.value = place.coords.longitude;
      form.elements.accuracy_m.value = Math.round(place.coords.accuracy);
    }
    form.submit();
  };
  waiting.hidden = false;
  for (const button of document.querySelectorAll(".press button")) button.disabled = true;
  navigator.geolocation.getCurrentPosition(send, () => send(), { timeout: MOST_MS, maximumAge: 60000, enableHighAccuracy: true });
  setTimeout(send, PATIENCE_MS);
}

for (const form of document.querySelectorAll("form.press")) {
  form.addEventListener("submit", (event) => {
    if (!navigator.geolocation || !window.isSecureContext) return;
    event.preventDefault();
    ask(form);
  });
}

// The code in the address dies in 90 seconds; the ticket lets the page be loaded again for ten minutes.
const ticket = document.querySelector("input[name=ticket]");
if (ticket) history.replaceState(null, "", `${location.pathname}?ticket=${encodeURIComponent(ticket.value)}`);
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
