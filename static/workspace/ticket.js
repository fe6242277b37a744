// The ticket's page: its neighbours in the list, news of others, and a reply that is never lost.
"use strict";

const ticketPage = () => document.getElementById("ticket");
const editor = () => document.getElementById("reply-body");

// --- neighbours, as the list that one came from had them

function showNeighbours() {
  const list = JSON.parse(sessionStorage.getItem("triage.list") ?? "null");
  const at = list?.ids.indexOf(ticketPage().dataset.ticket) ?? -1;
  if (at < 0) return;
  document.getElementById("back").href = list.href;
  for (const [id, other] of [["previous", list.ids[at - 1]], ["next", list.ids[at + 1]]]) {
    const link = document.getElementById(id);
    link.hidden = !other;
    if (other) link.href = `/tickets/${other}/`;
  }
  for (const field of document.querySelectorAll("input[name=next]")) field.value = list.ids[at + 1] ?? "";
}

// --- the reply's text: kept in this browser until it is sent, for each person and ticket

const keptKey = () => `triage.reply.${document.body.dataset.user}.${ticketPage().dataset.ticket}`;

function keepReply() {
  if (editor().value.trim()) localStorage.setItem(keptKey(), editor().value);
  else localStorage.removeItem(keptKey());
}

function restoreReply() {
  const kept = localStorage.getItem(keptKey());
  if (!kept || editor().value) return;
  editor().value = kept;
  document.getElementById("reply-kept").hidden = false;
}

/** Puts text at the cursor, and never over what was typed. The browser's own undo takes it back. */
function insertIntoReply(text) {
  const field = editor();
  field.focus();
  const before = field.value.slice(0, field.selectionStart);
  const gap = before && !before.endsWith("\n") ? "\n\n" : "";
  if (!document.execCommand("insertText", false, gap + text)) field.setRangeText(gap + text, field.selectionStart, field.selectionStart, "end");
  keepReply();
}

document.addEventListener("input", (event) => {
  if (event.target === editor()) keepReply();
});

// --- notes look like notes, so that none is sent by mistake

function showKind() {
  const form = document.getElementById("composer");
  const isNote = form.elements.public.value === "no";
  form.classList.toggle("note", isNote);
  document.getElementById("send-name").textContent = isNote ? "Add note" : "Send";
  document.getElementById("send-and-solve").hidden = isNote;
  editor().placeholder = isNote ? "Only colleagues will see this…" : "Write to the customer…";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("#composer [name=public]")) showKind();
});
document.addEventListener("used", (event) => {
  if (event.target.matches("#composer [name=public]")) editor().focus();
});

document.addEventListener("htmx:afterSettle", () => {
  const composer = document.getElementById("composer");
  if (!composer) return;
  if (composer.dataset.sent) {
    delete composer.dataset.sent;
    localStorage.removeItem(keptKey());
  }
  showKind();
  showNeighbours();
});

// --- news of others

document.addEventListener("pulse", ({ detail: news }) => {
  if (!("wrote" in news)) return;
  const bar = document.getElementById("ticket-news");
  bar.hidden = !news.wrote && !news.changed;
  bar.querySelector("span").textContent = news.wrote ? "A new message has come." : "Somebody has changed this ticket.";
  const viewers = document.getElementById("viewers");
  viewers.textContent = news.viewers.map((each) => `${each.name} ${each.is_typing ? "is writing" : "is looking"}`).join(", ");
});

showNeighbours();
restoreReply();
showKind();
