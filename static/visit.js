// Comforts of the visit's pages: they say the same without this file, as of the moment they were made.
"use strict";

// Counts the least time of recovery down, by the server's clock.
const countDown = () => {
  for (const place of document.querySelectorAll("[data-until]")) {
    place.ahead ??= Date.parse(place.dataset.now) - Date.now();
    const left = Math.max(0, Math.ceil((Date.parse(place.dataset.until) - Date.now() - place.ahead) / 60_000));
    const over = place.classList.contains("big-number") ? "Time is over" : "now";
    place.textContent = left ? `${left} min` : over;
  }
};
countDown();
setInterval(countDown, 5_000);

// The list of who is in which phase refreshes by itself; a form on its way is never disturbed.
const now = () => document.getElementById("now");
const isBusy = () => now().querySelector("form[data-sending]") !== null;
const look = async () => {
  if (document.hidden || isBusy()) return;
  try {
    const answer = await fetch(now().dataset.changes, { redirect: "manual", headers: { "X-Requested-With": "fetch" } });
    if (answer.status !== 200 || isBusy()) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("now");
    if (!fresh) return;
    const held = now().contains(document.activeElement) ? document.activeElement : null;
    const nameOf = (one) => one.getAttribute("aria-label") || one.getAttribute("href");
    now().replaceWith(fresh);
    countDown();
    if (held) {
      const again = [...fresh.querySelectorAll("a, button")].find((one) => nameOf(one) === nameOf(held));
      (again || document.getElementById("main")).focus({ preventScroll: true });
    }
    document.querySelector("[data-said]").textContent = "The list has changed and was brought up to date.";
  } catch {
    // No connection: the next look tries again.
  }
};
if (now()) {
  setInterval(look, Number(now().dataset.every) * 1_000);
  document.addEventListener("visibilitychange", look);
}
