// The day board's comforts: it refreshes by itself, opens a visit beside itself, and a visit can be dragged.
// Without this file the board is a page of links, and everything can be done through them.
"use strict";

(() => {
  const page = document.querySelector("[data-board-page]");
  if (!page) return;
  const panel = document.querySelector("[data-panel]");
  const inside = panel.querySelector("[data-panel-body]");
  const changed = panel.querySelector("[data-panel-changed]");
  const trouble = document.querySelector("[data-board-trouble]");
  const said = document.querySelector("[data-board-said]");
  const board = () => document.getElementById("board");
  const visitOf = (id) => document.getElementById(`visit-${id}`);
  // The program's clock, which in a drill is not this machine's.
  const ahead = Number(page.dataset.now) * 1000 - Date.now();
  const now = () => new Date(Date.now() + ahead);
  const clock = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", timeZone: page.dataset.zone });
  // As the pages write it: "2 p.m.", "2:15 p.m.".
  const clockTime = (moment) =>
    clock
      .format(moment)
      .replace(":00", "")
      .replace(/\sAM$/, " a.m.")
      .replace(/\sPM$/, " p.m.");
  let dragging = null;

  // --- refreshing ----------------------------------------------------------------------------------------------------
  // Somebody who selects words, reads a folded list or drags is in the middle of something: the board waits.
  const isBusy = () => {
    const picked = document.getSelection();
    return dragging !== null || (picked && !picked.isCollapsed && board().contains(picked.anchorNode));
  };

  const show = (words) => {
    trouble.hidden = !words;
    trouble.querySelector("span").textContent = words;
  };

  const replace = (html) => {
    const old = board();
    const scroll = old.querySelector(".board-scroll");
    const place = scroll && [scroll.scrollLeft, scroll.scrollTop];
    const open = [...old.querySelectorAll("details[open]")].map((one) => one.id);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("board");
    if (!fresh) return;
    old.replaceWith(fresh);
    const fold = fresh.querySelector(".board-scroll");
    if (fold && place) [fold.scrollLeft, fold.scrollTop] = place;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) (focused.id && document.getElementById(focused.id) || fold)?.focus({ preventScroll: true });
    drawNow();
    compare();
    lookAtHits();
    said.textContent = `The board has changed and was brought up to date, ${clockTime(now())}`;
  };

  // Whom late visits are in the way of: after each change, and now and then since it depends on the hour.
  const lookAtHits = () => {
    const hits = page.querySelector("[data-board-hits]");
    if (hits && !document.hidden && !hits.contains(document.activeElement)) window.htmx?.trigger(hits, "look");
  };
  setInterval(lookAtHits, 300_000);

  let looking = false;
  const look = async () => {
    if (document.hidden || looking || isBusy()) return;
    looking = true;
    try {
      const answer = await fetch(`${page.dataset.changes}?since=${board().dataset.version}`, {
        redirect: "manual", headers: { "X-Requested-With": "fetch" },
      });
      if (answer.type === "opaqueredirect") {
        // Signed out: the words on the board stay, and nothing is asked any more.
        show("You are signed out, so the board no longer refreshes. Reload the page to sign in.");
        clearInterval(timer);
      } else if (!answer.ok) {
        show("The board could not be refreshed. It tries again by itself.");
      } else {
        show("");
        if (answer.status === 200) {
          const html = await answer.text();
          if (!isBusy()) replace(html);
        }
      }
    } catch {
      show("There is no connection, so the board may be out of date. It tries again by itself.");
    }
    looking = false;
  };
  const timer = setInterval(look, Number(page.dataset.every) * 1000);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", look);

  // --- the line of the present moment --------------------------------------------------------------------------------
  const drawNow = () => {
    const line = board().querySelector(".now line");
    if (!line) return;
    const { first, end } = board().dataset;
    const share = (now().getTime() / 1000 - first) / (end - first);
    const at = `${Math.min(Math.max(share, 0), 1) * 100}%`;
    line.setAttribute("x1", at);
    line.setAttribute("x2", at);
  };
  setInterval(drawNow, 30_000);

  // --- the panel -----------------------------------------------------------------------------------------------------
  let opened = null; // { id, address, version }
  const openPanel = async (address, id) => {
    const url = new URL(address, location.href);
    const part = url.hash.slice(1);
    url.hash = "";
    let answer;
    try {
      answer = await fetch(url, { redirect: "manual", headers: { "HX-Request": "true" } });
    } catch { /* below */ }
    // Signed out, or gone: the page itself says so, and what to do.
    if (!answer || !answer.ok || answer.headers.has("HX-Redirect")) {
      location.assign(address);
      return;
    }
    inside.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
    opened = { id, address, version: visitOf(id)?.dataset.version };
    changed.hidden = true;
    if (!panel.open) panel.showModal();
    const target = (part && document.getElementById(`${part}-head`)) || inside.querySelector("[data-focus]")
      || inside.querySelector("[data-first-step]") || inside.querySelector("#panel-head");
    target?.focus();
    if (part) document.getElementById(part)?.scrollIntoView();
  };
  // What somebody is filling in is never taken away: that the visit has changed is said above it.
  const compare = () => {
    if (!panel.open || !opened) return;
    changed.hidden = visitOf(opened.id)?.dataset.version === opened.version;
  };
  panel.querySelector("[data-panel-again]").addEventListener("click", () => openPanel(opened.address, opened.id));
  panel.addEventListener("close", () => {
    visitOf(opened?.id)?.focus({ preventScroll: true });
    inside.replaceChildren();
    opened = null;
  });
  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close();
  });
  const idIn = (link) => link.getAttribute("href").match(/[0-9a-f-]{36}/)[0];

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.visit, a[data-panel-link]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (!justDragged) openPanel(link.getAttribute("href"), idIn(link));
  });

  // --- keys ----------------------------------------------------------------------------------------------------------
  // They work on a visit or a free time that has the focus, and nowhere else (WCAG 2.1.4).
  const middle = (one) => {
    const box = one.getBoundingClientRect();
    return (box.left + box.right) / 2;
  };
  const neighbour = (from, key) => {
    const row = from.closest("tr");
    const stops = (one) => [...one.querySelectorAll("a.visit, a.gap")];
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const all = stops(row);
      return all[all.indexOf(from) + (key === "ArrowRight" ? 1 : -1)];
    }
    const step = key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
    let next = row[step];
    while (next && !stops(next).length) next = next[step];
    return next && stops(next).reduce((a, b) => (
      Math.abs(middle(a) - middle(from)) <= Math.abs(middle(b) - middle(from)) ? a : b));
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && dragging) endDrag(false);
    const from = event.target.closest?.("table.board a.visit, table.board a.gap");
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      const to = neighbour(from, event.key);
      if (to) {
        event.preventDefault();
        to.focus();
      }
    } else if (event.key === "m" && from.matches("[data-start]")) {
      event.preventDefault();
      openPanel(`${from.getAttribute("href")}#move`, idIn(from));
    }
  });

  // --- dragging ------------------------------------------------------------------------------------------------------
  // A drop moves nothing: it opens the form that moves, with the time filled in.
  const STEP = 3; // columns of five minutes: starts are offered on quarters of an hour
  let justDragged = false;
  document.addEventListener("pointerdown", (event) => {
    const visit = event.target.closest?.("a.visit[data-start]");
    justDragged = false;
    if (!visit || event.button || event.pointerType === "touch") return;
    dragging = { visit, from: event.clientX, by: 0, moved: false };
    if (!visit.isConnected) dragging = null;
  });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.("a.visit")) event.preventDefault();
  });
  document.addEventListener("pointermove", (event) => {
    if (!dragging) return;
    const { visit } = dragging;
    const distance = event.clientX - dragging.from;
    if (!dragging.moved && Math.abs(distance) < 6) return;
    if (!dragging.moved) {
      dragging.moved = true;
      dragging.column = visit.getBoundingClientRect().width / Number(visit.dataset.span);
      visit.classList.add("dragged");
      dragging.label = Object.assign(document.createElement("span"), { className: "drag-says" });
      visit.append(dragging.label);
    }
    const start = Number(visit.dataset.start);
    const last = Number(board().dataset.columns) - Number(visit.dataset.span);
    const target = Math.round((start + distance / dragging.column) / STEP) * STEP;
    dragging.by = Math.min(Math.max(target, 0), last) - start;
    visit.style.transform = `translateX(${dragging.by * dragging.column}px)`;
    dragging.label.textContent = clockTime(new Date(moment(start + dragging.by)));
    event.preventDefault();
  });
  const moment = (column) => (Number(board().dataset.first) + column * 300) * 1000;
  const endDrag = (drop) => {
    const { visit, by, moved, label } = dragging;
    dragging = null;
    if (!moved) return;
    visit.classList.remove("dragged");
    visit.style.transform = "";
    label.remove();
    justDragged = true;
    if (!drop || !by) return;
    const starts = new Date(moment(Number(visit.dataset.start) + by)).toISOString();
    openPanel(`${visit.getAttribute("href")}?starts=${encodeURIComponent(starts)}#move`, idIn(visit));
  };
  document.addEventListener("pointerup", () => dragging && endDrag(true));
  document.addEventListener("pointercancel", () => dragging && endDrag(false));

  // --- coming back ---------------------------------------------------------------------------------------------------
  // A step taken in the panel brings the same part of the board back.
  const key = `board ${location.pathname}`;
  panel.addEventListener("submit", (event) => {
    const scroll = board().querySelector(".board-scroll");
    if (!scroll || event.target.method !== "post") return;
    sessionStorage.setItem(key, JSON.stringify([scroll.scrollLeft, scroll.scrollTop, scrollX, scrollY]));
  });
  const kept = sessionStorage.getItem(key);
  if (kept) {
    sessionStorage.removeItem(key);
    const [left, top, x, y] = JSON.parse(kept);
    const wide = board().querySelector(".board-scroll");
    if (wide) [wide.scrollLeft, wide.scrollTop] = [left, top];
    scrollTo(x, y);
    document.getElementById(location.hash.slice(1))?.focus({ preventScroll: true });
  }
  drawNow();

  // Where the board is wider than the window, it opens at the present moment.
  const scroll = board().querySelector(".board-scroll");
  const line = board().querySelector(".now line");
  if (!kept && scroll && line) {
    const names = board().querySelector("th.board-name").offsetWidth;
    const share = parseFloat(line.getAttribute("x1")) / 100;
    scroll.scrollLeft = share * (scroll.scrollWidth - names) - (scroll.clientWidth - names) / 4;
  }
})();
