// Follows an import while its page is open, and shows the result when it is done.
"use strict";
const panel = document.querySelector("[data-progress]");
const bar = panel.querySelector("progress");
const count = panel.querySelector(".progress-count");
const EVERY = 1000;
const PATIENCE = 30;
let missed = 0;

async function look() {
    try {
        const answer = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
        if (!answer.ok || answer.redirected) {
            throw new Error(answer.status);
        }
        const told = await answer.json();
        missed = 0;
        if (!told.running) {
            location.reload();
            return;
        }
        bar.value = told.done;
        count.textContent = `${told.done} / ${told.total}`;
    } catch {
        // The server may be restarting; whoever is signed out, or gone for long, looks again by hand.
        missed += 1;
    }
    if (missed < PATIENCE) {
        setTimeout(look, EVERY * Math.min(1 + missed, 10));
    }
}
setTimeout(look, 700);
