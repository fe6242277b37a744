// Keyboard. A control names its own key in `data-key`, so the keys, the help and the command palette can never disagree.
// Single characters are off where the person has switched them off (WCAG 2.1.4), and in text fields always; an input
// method's own keys are never taken. Loaded last, when everything that a key can press is ready.
"use strict";

const TEXT = "textarea, select, [contenteditable], input:not([type=checkbox]):not([type=radio])";
const HASTY_MILLISECONDS = 500; // between the clicks of a double-click, by the systems' default
const usesSingleKeys = () => document.body.dataset.singleKeys !== "off";
const isVisible = (element) => element.checkVisibility({ visibilityProperty: true });

/** "a", "?", "Escape", "mod+Enter", "mod+shift+Enter": how a key press is written in `data-key`. */
function nameOf(event) {
  if (!event.ctrlKey && !event.metaKey) return event.key;
  return `mod+${event.shiftKey ? "shift+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
}

/** Does what a control is for: fields get the focus, everything else is pressed. */
function use(control) {
  if (control.matches("select")) {
    control.focus();
    control.dataset.byKey = "yes";
    control.addEventListener("blur", () => delete control.dataset.byKey, { once: true });
    control.showPicker?.();
  } else if (control.matches(TEXT)) {
    control.focus();
    control.select?.();
  } else {
    if (!control.dataset.opens) control.focus({ preventScroll: true }); // after a dialog the focus is where it was
    control.click();
  }
  control.dispatchEvent(new Event("used", { bubbles: true }));
}

/** A select that a key has led to and that is closed again: letters are shortcuts, not its choices. */
const isLeftSelect = (element) => element.dataset.byKey === "yes" && !element.matches(":open");

function findControl(key) {
  const scope = document.querySelector("dialog[open]") ?? document;
  const named = [...scope.querySelectorAll(`[data-key~="${CSS.escape(key)}"]`)];
  return named.find((control) => !control.disabled && isVisible(control));
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.altKey || event.defaultPrevented) return;
  const key = nameOf(event);
  const isCharacter = key.length === 1;
  if (isCharacter && (event.repeat || !usesSingleKeys() || (event.target.matches(TEXT) && !isLeftSelect(event.target)))) return;
  const control = findControl(key);
  if (!control) return;
  event.preventDefault();
  use(control);
});

function openDialog(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.dispatchEvent(new Event("opened"));
}

/** The second click of a hasty double-click lands on whatever came under the mouse meanwhile: it is nobody's wish. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("form[method=post] button:not([type=button])");
  if (!button || !event.isTrusted || event.detail === 0) return; // the keyboard presses what it means
  const [at, x, y] = JSON.parse(sessionStorage.getItem("triage.pressed") ?? "[0, 0, 0]");
  const isSameSpot = Math.abs(event.clientX - x) < 8 && Math.abs(event.clientY - y) < 8;
  sessionStorage.setItem("triage.pressed", JSON.stringify([Date.now(), event.clientX, event.clientY]));
  if (Date.now() - at > HASTY_MILLISECONDS || !isSameSpot) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

/** A dialog that a control opens: `data-opens="id"`. Escape closes it, as the browser has it. */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) openDialog(document.getElementById(opener.dataset.opens));
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits-itself] select, select[data-submits-itself]")) event.target.form.requestSubmit();
});
