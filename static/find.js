// Arrow keys step from the search field through what it found, and back. The page works without: Tab does the same.
"use strict";

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const here = event.target.closest("[data-step]");
  if (!here) return;
  const all = [...document.querySelectorAll("[data-step]")];
  const next = all[all.indexOf(here) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});
