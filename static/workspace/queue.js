// The queue: moving, selecting, the preview, and news that wait above the list until they are asked for.
"use strict";

const rowLinks = () => [...document.querySelectorAll("[data-row]")];
const currentRow = () => document.activeElement?.closest(".row") ?? document.querySelector(".row.current");
const boxOf = (row) => row?.querySelector("input[name=ids]");

function moveTo(link) {
  link?.focus();
  link?.closest(".row")?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const links = rowLinks();
  const now = links.indexOf(currentRow()?.querySelector("[data-row]"));
  moveTo(links[now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + step))]);
}

/** The row that has the focus is the current one; its ticket is shown beside the list once the focus stays. */
let previewTimer;
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.(".row");
  if (!row) return;
  document.querySelector(".row.current")?.classList.remove("current");
  row.classList.add("current");
  clearTimeout(previewTimer);
  previewTimer = setTimeout(() => showPreview(row), 160);
});

function showPreview(row) {
  const pane = document.getElementById("preview");
  if (!pane?.checkVisibility() || pane.dataset.ticket === row.dataset.ticket) return;
  pane.dataset.ticket = row.dataset.ticket;
  htmx.ajax("GET", `/tickets/${row.dataset.ticket}/preview/`, { target: "#preview", swap: "innerHTML" });
}

// --- selecting

let lastBox;
function selectUpTo(box) {
  const boxes = [...document.querySelectorAll("input[name=ids]")];
  const [from, to] = [boxes.indexOf(lastBox ?? box), boxes.indexOf(box)].sort((a, b) => a - b);
  for (const each of boxes.slice(from, to + 1)) each.checked = true;
}

function showSelection() {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const count = document.querySelectorAll("input[name=ids]:checked").length;
  const isAll = bar.elements.scope?.checked ?? false;
  bar.hidden = count === 0 && !isAll;
  document.getElementById("bulk-count").textContent = isAll ? bar.dataset.allWords : `${count} selected`;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("#select-page")) {
    for (const box of document.querySelectorAll("input[name=ids]")) box.checked = event.target.checked;
  }
  if (event.target.matches("#bulk select[name=change]") && event.target.value) event.target.form.requestSubmit();
  if (event.target.matches("input[name=ids], #select-page, #bulk [name=scope]")) showSelection();
});

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("input[name=ids]");
  if (box && event.shiftKey) selectUpTo(box);
  if (box) lastBox = box;
  if (event.target.closest?.("#bulk-clear")) {
    for (const each of document.querySelectorAll("input[name=ids], #select-page, #bulk [name=scope]")) each.checked = false;
  }
  if (box || event.target.closest?.("#bulk-clear")) showSelection();
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches(TEXT) || !usesSingleKeys() || document.querySelector("dialog[open]")) return;
  const box = boxOf(currentRow());
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x" && box) box.click();
  else if (event.key === "X" && box) {
    selectUpTo(box);
    lastBox = box;
    showSelection();
  } else return;
  event.preventDefault();
});

// --- news

document.addEventListener("pulse", ({ detail: news }) => {
  if (!news.viewers) return;
  for (const row of document.querySelectorAll(".row")) showWho(row, news);
  const bar = document.getElementById("news");
  bar.hidden = news.new === 0;
  bar.querySelector("button").textContent = `${news.new} new`;
});

function showWho(row, news) {
  const viewers = news.viewers[row.dataset.ticket] ?? [];
  const mark = row.querySelector(".viewers");
  mark.textContent = viewers.map((each) => each.initials).join(" ");
  mark.title = viewers.map((each) => `${each.name} ${each.is_typing ? "is writing" : "is looking"}`).join(", ");
  row.classList.toggle("gone", news.gone.includes(Number(row.dataset.ticket)));
}

// What was done beside the list shows in the list.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "preview" && event.detail.requestConfig.verb === "post") takePulse();
});

// The order of this list, for "next" on a ticket's page.
function keepOrder() {
  if (!document.querySelector(".rows")) return;
  const ids = [...document.querySelectorAll(".row")].map((row) => row.dataset.ticket);
  sessionStorage.setItem("triage.list", JSON.stringify({ ids, href: location.pathname + location.search }));
}
keepOrder();
document.addEventListener("htmx:afterSettle", keepOrder);
addEventListener("pageshow", showSelection);

// --- the question before many are changed

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "bulk-preview") openDialog(document.getElementById("bulk-dialog"));
});
document.getElementById("bulk-dialog")?.addEventListener("close", () => {
  document.getElementById("bulk").elements.change.value = "";
});
