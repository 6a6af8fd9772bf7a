// Comforts only: every page does its work without this file. Two submissions of one form are one by the form's key, on the
// server; here the button merely says that it was heard.
"use strict";

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = form.querySelector("button[data-busy]");
    if (button) {
      button.setAttribute("aria-busy", "true");
      (button.querySelector("span") || button).textContent = button.dataset.busy;
    }
  });
}

// A page that comes back from the browser's history may be sent again: it is asked anew whether it was paid.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Six digits and nothing else, as they are typed.
for (const pin of document.querySelectorAll("input[name=pin]")) {
  pin.addEventListener("input", () => {
    pin.value = pin.value.replace(/[^0-9]/g, "").slice(0, 6);
  });
}

for (const clock of document.querySelectorAll("[data-countdown]")) {
  const ends = Date.now() + Number(clock.dataset.countdown) * 1000;
  const left = clock.querySelector("[data-left]");
  const timer = setInterval(() => {
    const seconds = Math.max(0, Math.round((ends - Date.now()) / 1000));
    left.textContent = String(seconds);
    if (seconds === 0) {
      clearInterval(timer);
      clock.textContent = clock.dataset.over;
      clock.closest(".code").classList.add("code-over");
    }
  }, 500);
}
