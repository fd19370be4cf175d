// The page's access keys with Alt alone, the same in every browser; without this file the browser's own way is left.
"use strict";

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.key.length !== 1) return;
  const target = document.querySelector(`[accesskey="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  target.focus();
  if (target.select) target.select();
  else target.click();
});
