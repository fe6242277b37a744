// The command palette: every control on the page that has a name and can be used just now, found by typing.
"use strict";

const palette = document.getElementById("palette");

function commands() {
  const found = [...document.querySelectorAll("[data-command], .rail a, .masthead nav a")];
  return found.filter((each) => !each.closest("dialog") && !each.disabled && each.checkVisibility());
}

function commandName(control) {
  return control.dataset.command ?? `Go to ${(control.querySelector("span") ?? control).textContent.trim()}`;
}

/** A number leads to its ticket, other words to the search, whatever else there is. */
function ways(words) {
  const number = words.replace(/^#/, "");
  const found = [];
  if (/^\d+$/.test(number)) found.push({ name: `Open ticket #${number}`, go: () => location.assign(`/tickets/${number}/`) });
  if (words) found.push({ name: `Search all tickets for “${words}”`, go: () => location.assign(`/?view=all&text=${encodeURIComponent(words)}`) });
  return found;
}

function matches(name, words) {
  const text = name.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function fillPalette() {
  const words = palette.querySelector("input").value.trim();
  const named = commands().map((control) => ({ name: commandName(control), key: control.dataset.key, go: () => use(control) }));
  const shown = [...named.filter((each) => matches(each.name, words)), ...ways(words)];
  const list = palette.querySelector("[role=listbox]");
  list.replaceChildren(...shown.map(optionFor));
  choose(list.firstElementChild);
}

function optionFor(command, index) {
  const option = document.createElement("li");
  option.id = `command-${index}`;
  option.role = "option";
  option.textContent = command.name;
  if (command.key) {
    const key = document.createElement("kbd");
    key.textContent = keyWords(command.key.split(" ")[0]);
    option.append(key);
  }
  option.addEventListener("click", () => {
    palette.close();
    command.go();
  });
  return option;
}

function keyWords(key) {
  const isMac = /Mac|iP/.test(navigator.platform);
  return key.replace("mod+", isMac ? "⌘" : "Ctrl ").replace("shift+", isMac ? "⇧" : "Shift ").replace("Enter", "↵");
}

function choose(option) {
  palette.querySelector("[aria-selected=true]")?.removeAttribute("aria-selected");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  palette.querySelector("input").setAttribute("aria-activedescendant", option?.id ?? "");
}

palette?.addEventListener("opened", () => {
  palette.querySelector("input").value = "";
  fillPalette();
});
palette?.addEventListener("input", fillPalette);
palette?.addEventListener("keydown", (event) => {
  const chosen = palette.querySelector("[aria-selected=true]");
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (step && chosen?.[step]) choose(chosen[step]);
  if (event.key === "Enter" && !event.isComposing) chosen?.click();
  if (step || event.key === "Enter") event.preventDefault();
});

for (const key of document.querySelectorAll("kbd[data-keys]")) key.textContent = key.dataset.keys.split(" ").map(keyWords).join(" / ");
