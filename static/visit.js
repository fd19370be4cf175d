// Comforts of the visit's page: the page says the same without this file, as of the moment it was made.
"use strict";

// Counts the least time of recovery down, by the server's clock.
for (const place of document.querySelectorAll("[data-until]")) {
  const ahead = Date.parse(place.dataset.now) - Date.now();
  const until = Date.parse(place.dataset.until);
  const show = () => {
    const left = Math.max(0, Math.ceil((until - Date.now() - ahead) / 60000));
    place.textContent = left ? `${left} min` : place.classList.contains("big-number") ? "Time is over" : "now";
  };
  show();
  setInterval(show, 5000);
}
