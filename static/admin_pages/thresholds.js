// The slider of thresholds: each stop is a row of the table below it, so that both say the same.
"use strict";

for (const explorer of document.querySelectorAll("[data-thresholds]")) explore(explorer);

function explore(explorer) {
  const box = explorer.querySelector("[data-slider]");
  const rows = [...explorer.querySelectorAll("tr[data-stop]")];
  if (!box || !rows.length) return;
  const slider = box.querySelector("input");
  const now = box.querySelector("[data-now]");
  const proof = box.querySelector("[data-proof]");
  const figures = [...box.querySelectorAll("[data-figure]")];
  const names = figures.map((figure) => figure.previousElementSibling.textContent);
  const marker = explorer.querySelector("[data-marker]");

  function show() {
    const row = rows[rows.length - 1 - Number(slider.value)]; // rows go from strict to loose
    const texts = [...row.cells].map((cell) => cell.textContent);
    const words = texts.at(-1);
    now.textContent = texts[0];
    proof.textContent = `Proof: ${words}`;
    figures.forEach((figure, place) => { figure.textContent = texts[place + 1]; });
    explorer.dataset.state = row.dataset.stop;
    const said = names.map((name, place) => `${name}: ${texts[place + 1]}`);
    slider.setAttribute("aria-valuetext", [texts[0], ...said, words].join("; "));
    marker.setAttribute("cx", row.dataset.x);
    marker.setAttribute("cy", row.dataset.y);
    rows.forEach((each) => each.classList.toggle("thresholds-now", each === row));
  }

  slider.addEventListener("input", show);
  show();
  box.hidden = false;
  marker.removeAttribute("hidden");
}
