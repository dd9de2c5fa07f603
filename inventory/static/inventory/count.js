// A sheet is kept figure by figure: what the books say at that moment stands beside what was counted.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("scanning");
    const left = document.getElementById("scan-left");
    if (!form || !left) {
        return;
    }
    const waiting = new Map();
    let busy = false;

    const send = async () => {
        if (busy || !waiting.size) {
            return;
        }
        busy = true;
        const rows = [...waiting.values()];
        waiting.clear();
        const body = new FormData();
        body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
        for (const row of rows) {
            const field = row.querySelector("input.units");
            body.set(field.name, field.value.trim());
        }
        try {
            const answer = await fetch(location.href, { method: "POST", headers: { Accept: "application/json" }, body });
            const told = await answer.json();
            for (const row of rows) {
                const state = row.querySelector(".scan-state");
                state.textContent = answer.ok ? (told.differences[row.dataset.row] ?? "") : told.error;
                row.classList.toggle("is-fewer", !answer.ok || /^[+−]/.test(state.textContent));
            }
            if (answer.ok) {
                left.textContent = form.dataset.left.replace("#", told.left);
            }
        } catch {
            // The button at the end sends everything again.
            for (const row of rows) {
                row.querySelector(".scan-state").textContent = form.dataset.offline;
            }
        }
        busy = false;
        send();
    };
    let timer = 0;
    const keep = (row) => {
        waiting.set(row.dataset.row, row);
        clearTimeout(timer);
        timer = setTimeout(send, 400);
    };
    form.addEventListener("counted", (event) => keep(event.target));
    form.addEventListener("change", (event) => {
        if (event.target.matches("input.units")) {
            keep(event.target.closest("tr"));
        }
    });
});
