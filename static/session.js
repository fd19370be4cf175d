// Says before a session ends, and puts away what is on the screen when it does. Without script the server does its part:
// a form sent too late is kept. The numbers come from <body data-idle data-whole data-grain> in seconds. The server
// writes a deed down only once in a grain of time, so that the page counts one less than it does: whoever is asked in
// time can stay.
(() => {
  const body = document.body;
  const idle = Number(body.dataset.idle) - Number(body.dataset.grain), whole = Number(body.dataset.whole);
  if (!(idle > 0)) return;
  const warning = Math.min(120, idle / 2);
  const began = Date.now();
  let last = began;
  const dialog = document.getElementById("session-ends");
  const seconds = dialog.querySelector("[data-seconds]");
  const end = () => Math.min(last + idle * 1000, began + whole * 1000);

  // What is done in another tab counts too.
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  if (channel) channel.onmessage = (event) => { if (event.data > last) { last = event.data; close(); } };
  const done = () => { last = Date.now(); if (channel) channel.postMessage(last); };
  done();

  const close = () => { if (dialog.open) dialog.close(); };

  // Typing is a deed, though nothing is sent by it: tell the server, but not at each key.
  let told = Date.now();
  const typing = () => {
    if (dialog.open || Date.now() - told < 60000) return;
    told = Date.now();
    stay();
  };
  async function stay() {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]");
    const answer = await fetch(dialog.dataset.stay, { method: "POST", headers: token ? { "X-CSRFToken": token.value } : {} }).catch(() => null);
    if (answer && answer.status === 204) { done(); close(); } else if (answer && answer.status === 401) lock();
  }

  let changed = null;
  document.addEventListener("input", (event) => {
    if (event.target.form && event.target.form.method === "post") changed = event.target.form;
    typing();
  });
  // What htmx asks for by itself (a list that looks again now and then) is no deed, and says so to the server.
  document.body.addEventListener("htmx:configRequest", (event) => {
    const by = event.detail.triggeringEvent;
    if (!by || by instanceof CustomEvent) event.detail.headers["X-Requested-With"] = "fetch";
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.failed && event.detail.requestConfig.headers["X-Requested-With"] !== "fetch") done();
  });
  dialog.querySelector("[data-stay-here]").addEventListener("click", stay);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });

  // The form that was typed in goes along, so that it waits for the same person.
  let locked = false;
  function lock() {
    if (locked) return;
    locked = true;
    const out = document.getElementById("session-lock");
    out.elements.lock_path.value = (changed && changed.getAttribute("action")) || location.pathname + location.search;
    if (changed) {
      for (const [name, value] of new FormData(changed)) {
        if (typeof value !== "string" || name === "csrfmiddlewaretoken" || name === "lock_path") continue;
        const field = document.createElement("input");
        field.type = "hidden"; field.name = name; field.value = value;
        out.append(field);
      }
    }
    document.getElementById("main").hidden = true;
    out.submit();
  }
  for (const button of document.querySelectorAll("[data-lock]")) button.addEventListener("click", (event) => { event.preventDefault(); lock(); });

  // Once for each end: nobody can put off the end of the whole time, and the page is free again after the answer.
  let warned = 0;
  setInterval(() => {
    const left = Math.round((end() - Date.now()) / 1000);
    if (left <= 0) { lock(); return; }
    if (left <= warning && warned !== end()) { warned = end(); if (!dialog.open) dialog.showModal(); }
    if (dialog.open) seconds.textContent = String(left);
  }, 1000);
})();
