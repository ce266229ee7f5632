// A code has just been sent: asking for another one opens after a minute, and says how long that is.
for (const button of document.querySelectorAll("[data-resend]")) {
  const words = button.textContent;
  const opens = Date.now() + Number(button.dataset.resend) * 1000;
  const tick = () => {
    const left = Math.ceil((opens - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${words}(${left})` : words;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}
