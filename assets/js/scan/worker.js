// The page as an installed one: its worker, its place on the home screen, and storage that the browser does not clear away.
export function register() {
  navigator.serviceWorker?.register("/sw.js", { updateViaCache: "none" }).catch(() => {});
  navigator.storage?.persist?.().catch(() => {});
}

// Browsers that can install say so; WeChat's cannot, and does not.
export function offerInstall(button) {
  let asked = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    if (/MicroMessenger/.test(navigator.userAgent)) return;
    asked = event;
    button.hidden = false;
  });
  button.addEventListener("click", async () => {
    button.hidden = true;
    await asked?.prompt();
  });
}
