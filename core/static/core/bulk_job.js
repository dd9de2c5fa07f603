// A bulk job tells how far it is, until it is over; then its page shows what became of each row.
"use strict";
(() => {
    const EVERY = 400;
    const PATIENCE = 60;
    const panel = document.querySelector("[data-progress]");
    if (!panel) {
        return;
    }
    let missed = 0;
    const ask = async () => {
        try {
            const answer = await fetch(panel.dataset.progress, { headers: { Accept: "application/json" } });
            if (!answer.ok || answer.redirected) {
                throw new Error(answer.status);
            }
            const { over, shown } = await answer.json();
            if (over) {
                location.replace(location.href);
                return;
            }
            if (shown !== panel.dataset.shown) {
                panel.dataset.shown = shown;
                panel.innerHTML = shown;
            }
            missed = 0;
        } catch {
            // The server may be restarting; the job goes on by itself, also when nobody asks any more.
            missed += 1;
        }
        if (missed < PATIENCE) {
            setTimeout(ask, EVERY * Math.min(1 + missed, 10));
        }
    };
    setTimeout(ask, EVERY / 2);
})();
