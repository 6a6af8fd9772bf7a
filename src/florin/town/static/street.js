// Comforts only: the page does its work without this file. It asks the street for the same page again and lets in what has
// changed, so that a payment made in another window parts before one's eyes.
"use strict";

const EVERY_MS = 1500;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

for (const form of document.querySelectorAll("form[data-once]")) once(form);

function once(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter || form.querySelector("button");
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
  });
}

// A page that comes back from the browser's history shows an hour ago.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

let last = "";
let timer = 0;

async function look() {
  clearTimeout(timer);
  if (!document.hidden && !document.querySelector("form[data-sent]")) {
    try {
      const answer = await fetch(location.pathname + location.search.replace(/[?&]notice=[^&]*/, ""));
      const html = answer.ok ? await answer.text() : last;
      // Again, because the answer took a while and she may have pressed a button.
      if (html !== last && !document.querySelector("form[data-sent]")) letIn(html);
      last = html;
    } catch {
      // The street is away for a moment; the next look tells.
    }
  }
  timer = setTimeout(look, EVERY_MS);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});
timer = setTimeout(look, EVERY_MS);

function letIn(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const id of ["day", "bill-day", "purse", "doors", "purchases", "gains"]) {
    const here = document.getElementById(id);
    const there = fresh.getElementById(id);
    if (here && there) blend(here, there);
  }
}

// Make `here` what `there` is, keeping every element that is in both: what it shows moves instead of jumping, what has the
// focus keeps it, and what is chosen stays chosen.
function blend(here, there) {
  for (const { name, value } of [...there.attributes]) {
    if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  }
  for (const { name } of [...here.attributes]) {
    if (!there.hasAttribute(name) && name !== "class") here.removeAttribute(name);
  }
  const wanted = [...there.childNodes].filter(matters);
  const known = new Map([...here.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = next(here.firstChild);
  for (const node of wanted) {
    const named = node.id ? known.get(node.id) : undefined;
    if (named) {
      if (named !== place) here.insertBefore(named, place);
      blend(named, node);
      place = next(named.nextSibling);
    } else if (place && !place.id && !node.id && place.nodeName === node.nodeName) {
      if (node.nodeType === Node.TEXT_NODE) {
        if (place.data !== node.data) place.data = node.data;
      } else {
        blend(place, node);
      }
      place = next(place.nextSibling);
    } else {
      const added = document.importNode(node, true);
      here.insertBefore(added, place);
      if (added.nodeType === Node.ELEMENT_NODE) welcome(added);
    }
  }
  while (place) {
    const gone = place;
    place = next(place.nextSibling);
    gone.remove();
  }
}

function welcome(element) {
  if (element.matches("form[data-once]")) once(element);
  for (const form of element.querySelectorAll("form[data-once]")) once(form);
  if (element.matches(".purchase") && !STILL.matches) {
    element.classList.add("fresh");
    element.addEventListener("animationend", () => element.classList.remove("fresh"), { once: true });
  }
}

function matters(node) {
  return node.nodeType === Node.ELEMENT_NODE || (node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
}

function next(node) {
  while (node && !matters(node)) node = node.nextSibling;
  return node;
}
