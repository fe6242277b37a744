// A draft as it is written: followed from wherever it stands, also after a reload, in a second tab or over a lost network.
// The text lands in a layer of its own; it comes into the reply only when a person takes it.
"use strict";

let following;

function followDraft() {
  const draft = document.getElementById("draft");
  if (following?.draft === draft) return;
  following?.source.close();
  following = undefined;
  if (!draft?.dataset.events) return;
  const source = new EventSource(draft.dataset.events);
  following = { draft, source, unsaid: "" };
  const text = draft.querySelector(".draft-text");
  source.addEventListener("draft.started", () => {
    text.replaceChildren();
    draft.querySelector("h2").textContent = "Draft: being written";
    draft.classList.replace("queued", "running");
  });
  source.addEventListener("draft.delta", (event) => addToDraft(text, JSON.parse(event.data).text));
  source.addEventListener("draft.citation", (event) => markCited(draft, JSON.parse(event.data)));
  source.addEventListener("draft.stale", () => draft.querySelector(".draft-stale")?.removeAttribute("hidden"));
  for (const end of ["draft.done", "draft.error"]) source.addEventListener(end, () => endDraft(draft));
  // The browser comes back by itself from where it was; where it has given up, everything is told anew.
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    following = undefined;
    setTimeout(followDraft, 1000);
  });
}

function addToDraft(place, text) {
  const isAtEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 8;
  place.append(text);
  if (isAtEnd) place.scrollTop = place.scrollHeight;
  following.unsaid += text;
  saySentences();
}

/** Screen readers hear whole sentences, not pieces of words. */
function saySentences(isOver = false) {
  const end = isOver ? following.unsaid.length : following.unsaid.search(/[.!?:]\s(?!.*[.!?:]\s)/s) + 1;
  if (end <= 0) return;
  document.getElementById("draft-said").textContent = following.unsaid.slice(0, end).trim();
  following.unsaid = following.unsaid.slice(end);
}

/** The draft rests on this source, from here on. */
function markCited(draft, { id, title }) {
  const list = draft.querySelector(".sources");
  list.hidden = false;
  let source = list.querySelector(`[data-source="${id}"]`);
  if (!source) {
    source = document.createElement("span");
    source.dataset.source = id;
    source.textContent = title;
    list.append(source);
  }
  source.className = "source cited";
}

/** The end as the server tells it: what can be done now stands there. */
function endDraft(draft) {
  saySentences(true);
  following.source.close();
  following = undefined;
  htmx.ajax("GET", draft.dataset.panel, { target: "#draft", swap: "outerHTML" });
}

document.addEventListener("htmx:afterSettle", followDraft);
addEventListener("online", followDraft);
followDraft();

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-takes-draft]")) insertIntoReply(document.querySelector("#draft .draft-text").textContent.trim());
});

// In an empty reply, Tab takes the draft that is ready; anywhere else Tab is Tab.
document.addEventListener("keydown", (event) => {
  const taker = document.querySelector("#draft [data-takes-draft]");
  const isPlain = event.key === "Tab" && !event.shiftKey && !event.ctrlKey && !event.isComposing;
  if (!isPlain || !taker || event.target.id !== "reply-body" || event.target.value) return;
  event.preventDefault();
  taker.click();
});
