// Every draft underway, as it is written, over one connection. A text only ever becomes a text node.
"use strict";

const live = document.getElementById("live-drafts");
const place = Object.fromEntries([...live.querySelectorAll("[data-live]")].map((each) => [each.dataset.live, each]));
const finished = document.getElementById("live-finished");
const cards = new Map();
const AGAIN_MS = 1000;
const PATIENCE_MS = 4000; // the server ends the connection every few minutes: that is no trouble
const FADE_MS = 600;

let source;
let trouble;

function connect() {
  if (source || document.hidden) return;
  const had = [...cards].filter(([, card]) => !card.isOver).map(([draft]) => draft);
  source = new EventSource(`${live.dataset.events}?had=${had.join(",")}`);
  source.addEventListener("open", () => beWell());
  source.addEventListener("error", () => {
    disconnect();
    trouble ??= setTimeout(() => show("trouble", "The connection is lost. Trying again; if this stays, reload the page."), PATIENCE_MS);
    setTimeout(connect, AGAIN_MS);
  });
  for (const [name, tell] of Object.entries(tellers)) source.addEventListener(name, (event) => tell(JSON.parse(event.data)));
}

function disconnect() {
  source?.close();
  source = undefined;
}

function beWell() {
  clearTimeout(trouble);
  trouble = undefined;
  show("trouble", "");
}

const tellers = {
  opened(told) {
    const card = cards.get(told.draft) ?? addCard(told);
    card.since = performance.now() - told.seconds * 1000;
    setText(card, told.text);
    tellFacts(card, told);
    tellTime(card);
  },
  delta(told) {
    const card = cards.get(told.draft);
    if (!card) return;
    keepingToTheEnd(card, () => card.text.append(told.text));
    tellFacts(card, told);
  },
  state(told) {
    const card = cards.get(told.draft);
    if (card) tellFacts(card, told);
  },
  ended(told) {
    const card = cards.get(told.draft);
    if (!card || card.isOver) return;
    if (told.text !== null && told.text !== card.text.textContent) setText(card, told.text);
    tellFacts(card, told);
    tellTime(card);
    card.isOver = true;
    card.element.classList.add("live-over");
    setTimeout(() => leave(told.draft, card), Number(live.dataset.lingerMs));
  },
  looked({ more, is_redis_down: isRedisDown }) {
    place.looking.hidden = true;
    place.redis.hidden = !isRedisDown;
    show("more", more ? `And ${more.toLocaleString("en")} more.` : "");
    tellEmpty();
  },
};

function addCard(told) {
  const element = place.card.content.firstElementChild.cloneNode(true);
  const facts = Object.fromEntries([...element.querySelectorAll("[data-fact]")].map((each) => [each.dataset.fact, each]));
  const name = `#${told.ticket} ${told.title}`;
  facts.link.textContent = name;
  facts.link.href = told.address;
  facts.by.textContent = told.by;
  facts.text.setAttribute("aria-label", `Text of the draft for ${name}`);
  const card = { element, facts, name, text: facts.text, address: told.address, isOver: false };
  element.dataset.draft = told.draft;
  cards.set(told.draft, card);
  place.cards.append(element);
  tellEmpty();
  return card;
}

function tellFacts(card, told) {
  for (const name of ["words", "model", "tokens", "cost"]) {
    if (card.facts[name].textContent !== told[name]) card.facts[name].textContent = told[name];
  }
  if (card.state === told.state) return;
  card.state = told.state;
  place.said.textContent = `Draft for ${card.name}: ${told.words}`;
}

function tellTime(card) {
  if (!card.isOver) card.facts.since.textContent = `${Math.round((performance.now() - card.since) / 1000)} s`;
}

function setText(card, text) {
  keepingToTheEnd(card, () => card.text.replaceChildren(text));
}

/** Whoever has scrolled up to read stays there. */
function keepingToTheEnd(card, change) {
  const { text } = card;
  const isAtEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 8;
  change();
  if (isAtEnd) text.scrollTop = text.scrollHeight;
}

function leave(draft, card) {
  card.element.classList.add("live-leaving");
  setTimeout(() => {
    card.element.remove();
    cards.delete(draft);
    tellFinished(draft, card);
    tellEmpty();
  }, FADE_MS);
}

function tellFinished(draft, card) {
  const list = finished.querySelector("ul");
  list.querySelector(`[data-draft="${draft}"]`)?.remove();
  const line = document.createElement("li");
  const link = document.createElement("a");
  const facts = document.createElement("span");
  line.dataset.draft = draft;
  link.className = "pages-link";
  link.href = card.address;
  link.textContent = card.name;
  facts.className = "pages-quiet";
  facts.textContent = [card.facts.words.textContent, card.facts.cost.textContent].filter(Boolean).join(" · ");
  line.append(link, " ", facts);
  list.prepend(line);
  while (list.children.length > Number(live.dataset.finishedMost)) list.lastElementChild.remove();
  finished.hidden = false;
}

function tellEmpty() {
  place.empty.hidden = cards.size > 0 || !place.looking.hidden;
}

function show(name, text) {
  place[name].textContent = text;
  place[name].hidden = !text;
}

// A tab that nobody looks at holds no connection.
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
addEventListener("pagehide", disconnect);
addEventListener("pageshow", connect);
setInterval(() => cards.forEach(tellTime), 1000);
connect();
