// Follows an import while its page is open, and shows the result when it is done.
"use strict";
const panel = document.querySelector("[data-progress]");
const bar = panel.querySelector("progress");
const count = panel.querySelector(".progress-count");

async function look() {
    try {
        const answer = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
        const told = await answer.json();
        if (!told.running) {
            location.reload();
            return;
        }
        bar.value = told.done;
        count.textContent = `${told.done} / ${told.total}`;
    } catch {
        // The network comes back, or the reader looks again.
    }
    setTimeout(look, 1000);
}
setTimeout(look, 700);
