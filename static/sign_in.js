// The names of colleagues fill in the username; the passkey button shows where the browser knows passkeys.
(() => {
  const login = document.querySelector("input[name=login]"), password = document.querySelector("input[name=password]");
  for (const button of document.querySelectorAll("[data-username]")) {
    button.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-username]")) other.setAttribute("aria-pressed", String(other === button));
      login.value = button.dataset.username;
      password.value = "";
      password.focus();
    });
  }
  const passkey = document.getElementById("passkey_login");
  if (passkey && window.PublicKeyCredential && window.isSecureContext) passkey.hidden = false;
})();
