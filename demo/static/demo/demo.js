// The demo's own movements: the progress of the data, the proofs drawn live, and a call to take along.
"use strict";

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function ask(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}

async function follow_progress(bar) {
  for (;;) {
    await pause(700);
    const state = await ask("/demo/progress/").catch(() => null);
    if (!state) continue;
    bar.value = state.percent;
    document.getElementById("stage").textContent = state.stage;
    if (state.ready) { location.replace("/demo/"); return; }
  }
}

function draw(card, state) {
  card.querySelector(".marks").textContent = state.marks;
  card.querySelector(".verdict").textContent = state.verdict || (state.running ? `${state.done} / ${state.total}` : "");
  card.classList.toggle("holds", state.holds === true);
  card.classList.toggle("fails", state.holds === false);
  card.querySelector(".lines").replaceChildren(...state.lines.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}

// A proof may kill the very process that answers: for a while nobody does, and the next one is asked to go on.
const MOST_SILENCE = 240;

async function follow_proof(card) {
  let silence = 0;
  for (;;) {
    const state = await ask(card.dataset.state).catch(() => null);
    silence = state ? 0 : silence + 1;
    if (state) draw(card, state);
    if (silence > MOST_SILENCE || (state && !state.running)) return;
    if (state?.again) await send(card.querySelector("form")).catch(() => null);
    await pause(250);
  }
}

function send(form) {
  return fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
}

for (const card of document.querySelectorAll(".proof")) {
  follow_proof(card);
  card.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await send(event.target);
    await follow_proof(card);
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}

const bar = document.getElementById("bar");
if (bar) follow_progress(bar);
