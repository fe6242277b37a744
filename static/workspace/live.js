// What changes without the page: the pulse (news, presence, notices), a lost network, a login that has ended.
"use strict";

const PULSE_SECONDS = 10;

function say(words, { href = "", name = "" } = {}) {
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.append(words);
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = name;
    toast.append(link);
  }
  document.getElementById("toast").append(toast);
  setTimeout(() => toast.remove(), 12_000);
}

function showBanner(id, isShown) {
  const banner = document.getElementById(id);
  if (banner) banner.hidden = !isShown;
}

/** One pulse after the other: an older answer never comes after a newer one. */
let pulses = Promise.resolve();
function takePulse() {
  pulses = pulses.then(askForNews);
}

/** What the server says of this page since it was loaded; unchanged news cost nothing (ETag). */
async function askForNews() {
  const place = document.querySelector("[data-pulse]");
  if (!place || document.hidden) return;
  try {
    const answer = await fetch(pulseAddress(place), { headers: { Accept: "application/json" }, redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401) return showBanner("logged-out", true);
    showBanner("offline", false);
    if (!answer.ok) return;
    showBanner("logged-out", false);
    const news = await answer.json();
    for (const notice of news.notices ?? []) tell(notice);
    document.dispatchEvent(new CustomEvent("pulse", { detail: news }));
  } catch {
    showBanner("offline", true);
  }
}

function pulseAddress(place) {
  const address = new URL(place.dataset.pulse, location.href);
  const isTyping = document.activeElement?.matches("#reply-body") && document.activeElement.value !== "";
  if (isTyping) address.searchParams.set("typing", "1");
  return address;
}

/** A notice is told once: in one of the pages that are open here, and afterwards in no other browser. */
function tell(notice) {
  const told = JSON.parse(localStorage.getItem("triage.told") ?? "[]");
  if (told.includes(notice.key)) return;
  localStorage.setItem("triage.told", JSON.stringify([...told, notice.key].slice(-100)));
  if (notice.href !== location.pathname) say(notice.text, { href: notice.href, name: "Show" });
  fetch("/notices/seen/", { method: "POST", headers: { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value } });
}

// A page that the browser kept for "back" is as old as when it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

setInterval(takePulse, PULSE_SECONDS * 1000);
document.addEventListener("visibilitychange", takePulse);
addEventListener("offline", () => showBanner("offline", true));
addEventListener("online", takePulse);
addEventListener("load", takePulse); // when everything that listens to the news is there

/** htmx answers that are no page: the login has ended, the network is gone, the server is at fault. Nothing typed is lost. */
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) return showBanner("logged-out", true);
  say("That did not work: the server could not do it. Nothing was changed; please try again.");
});
document.addEventListener("htmx:sendError", (event) => {
  showBanner("offline", true);
  if (event.detail.requestConfig.verb === "post") say("The server cannot be reached. Nothing was changed; your text is kept.");
});

// The button that was pressed is gone with the old part: keep the reader's place.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.verb !== "post" || document.activeElement !== document.body) return;
  document.getElementById(event.detail.target.id)?.focus({ preventScroll: true });
});

// Toasts go by themselves; one that offers an undo stays longer.
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "toast") return;
  for (const toast of event.detail.target.children) setTimeout(() => toast.remove(), toast.matches("form") ? 20_000 : 8_000);
});
