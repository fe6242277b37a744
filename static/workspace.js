// Comfort for keyboards; every page works without it.
"use strict";

const isTyping = (element) => element.matches("input, select, textarea, [contenteditable]");

function moveAmongRows(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const current = rows.indexOf(document.activeElement);
  const next = current < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, current + step));
  rows[next]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const search = document.querySelector("[data-key='/']");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.select();
  }
  if (event.key === "j") moveAmongRows(1);
  if (event.key === "k") moveAmongRows(-1);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits-itself] select")) event.target.form.requestSubmit();
});

// The button that was pressed is gone with the old card: keep the reader's place.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.verb === "post") document.getElementById("triage-card")?.focus({ preventScroll: true });
});
