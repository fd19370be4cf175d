// Comforts only: every page works without this file.
"use strict";

// A form on its way is not sent a second time by a double click; the server would take it once anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && !form.matches("[hx-post]")) {
    form.dataset.sending = "1";
    form.setAttribute("aria-busy", "true");
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.removeAttribute("aria-busy");
  }
});

// A choice that only changes what is shown is sent as soon as it is made.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) form.requestSubmit();
});

// What is chosen is said where old and new stand side by side.
document.addEventListener("change", (event) => {
  const place = event.target.dataset.says && document.querySelector("[data-chosen]");
  if (place) place.textContent = event.target.dataset.says;
});

// What was chosen or typed in a list of times stays when the list comes anew, where the new one still has it: whoever
// is quick chooses from the old one while the new one is on its way.
const LISTED = "[data-keeps] input:not([type=hidden]), [data-keeps] select, [data-keeps] textarea";
const isTouched = (field) => (field.type === "radio" ? field.checked && !field.defaultChecked : field.value !== field.defaultValue);
let touched = [];
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  touched = [...document.querySelectorAll(LISTED)].filter((field) => detail.target.contains(field) && isTouched(field));
});
document.addEventListener("htmx:afterSwap", () => {
  for (const old of touched.splice(0)) {
    const same = [...document.querySelectorAll(LISTED)].find((field) => (
      field.name === old.name && field.type === old.type && (old.type !== "radio" || field.value === old.value)));
    const chosen = document.querySelector("[data-chosen]");
    if (same && old.type === "radio") same.checked = true;
    else if (same) same.value = old.value;
    else if (old.dataset.says && chosen) chosen.textContent = "choose below";
    same?.closest("details")?.setAttribute("open", "");
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// What went wrong is read first.
const focusProblem = (root) => root.querySelector("[data-focus]")?.focus();
document.addEventListener("DOMContentLoaded", () => focusProblem(document));
document.addEventListener("htmx:afterSwap", (event) => focusProblem(event.target));

// Escape closes an open menu and gives the focus back.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details[open].menu");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
