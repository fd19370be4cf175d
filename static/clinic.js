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

// A part of a page that comes anew takes nothing away that was typed or chosen while it was on its way, and from a list
// of times (data-keeps) nothing that was typed or chosen at all, where the new list has it too.
const FIELDS = "input:not([type=hidden]), select, textarea";
const isTick = (field) => field.type === "radio" || field.type === "checkbox";
const stateOf = (field) => (isTick(field) ? field.checked : field.value);
const firstStateOf = (field) => (isTick(field) ? field.defaultChecked : field.defaultValue);
const asSent = new WeakMap();
let kept = [];
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  asSent.set(detail.xhr, new Map([...detail.target.querySelectorAll(FIELDS)].map((field) => [field, stateOf(field)])));
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const before = asSent.get(detail.xhr) || new Map();
  const isKept = (field) => (field.closest("[data-keeps]") ? stateOf(field) !== firstStateOf(field)
    : before.has(field) && stateOf(field) !== before.get(field));
  kept = [...detail.target.querySelectorAll(FIELDS)].filter(isKept);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const old of kept.splice(0)) {
    const same = [...document.querySelectorAll(FIELDS)].find((field) => (
      field.name === old.name && field.type === old.type && (!isTick(old) || field.value === old.value)));
    if (same) {
      same[isTick(old) ? "checked" : "value"] = stateOf(old);
      same.closest("details")?.setAttribute("open", "");
      if (old.type !== "radio" || old.checked) same.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (old.checked && old.dataset.says) {
      const place = document.querySelector("[data-chosen]");
      if (place) place.textContent = "choose below";
    }
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// A frame that shows the answer to a form gets it at once.
const fillFrames = (root) => root.querySelectorAll("form[data-fills-frame]").forEach((form) => form.submit());
document.addEventListener("DOMContentLoaded", () => fillFrames(document));
document.addEventListener("htmx:afterSwap", () => fillFrames(document));

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
