// A signature drawn with finger, pen or mouse, sent as lines of points. Without this file the typed name signs.
"use strict";

(() => {
  const box = document.querySelector("[data-signature]");
  if (!box) return;
  const canvas = box.querySelector("canvas");
  const kept = box.querySelector("input[name=drawing]");
  const ink = canvas.getContext("2d");
  let lines = [];
  let line = null;

  const draw = () => {
    ink.clearRect(0, 0, canvas.width, canvas.height);
    ink.strokeStyle = "#111";
    ink.lineWidth = 3;
    ink.lineCap = ink.lineJoin = "round";
    for (const points of lines) {
      ink.beginPath();
      for (const [x, y] of points) ink.lineTo(x, y);
      ink.stroke();
    }
    kept.value = lines.length ? JSON.stringify(lines) : "";
  };
  // The field may be shown smaller than its own units.
  const at = (event) => {
    const place = canvas.getBoundingClientRect();
    const within = (part, whole, most) => Math.round(Math.min(Math.max(part / whole, 0), 1) * most);
    return [
      within(event.clientX - place.left, place.width, canvas.width),
      within(event.clientY - place.top, place.height, canvas.height),
    ];
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    line = [at(event)];
    lines.push(line);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!line) return;
    line.push(at(event));
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { line = null; });
  box.querySelector("[data-clear]").addEventListener("click", () => {
    lines = [];
    draw();
  });

  // What was drawn before the page came back with a question.
  try {
    lines = JSON.parse(kept.value || "[]");
  } catch {
    lines = [];
  }
  box.hidden = false;
  draw();
})();
