// A sheet is kept figure by figure: what the books say at that moment stands beside what was counted.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("scanning");
    const left = document.getElementById("scan-left");
    if (!form || !left) {
        return;
    }
    const waiting = new Map();
    const told = new Map(); // what differs, by row; shown when its counting is over, so that nobody counts towards it
    let busy = false;

    const show = (row) => {
        const words = told.get(row.dataset.row);
        if (words !== undefined) {
            row.querySelector(".scan-state").textContent = words;
            row.classList.toggle("is-fewer", /^[+−]/.test(words));
        }
    };

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
            const said = await answer.json();
            for (const row of rows) {
                told.set(row.dataset.row, answer.ok ? (said.differences[row.dataset.row] ?? "") : said.error);
                if (answer.ok && row.dataset.counting) {
                    row.querySelector(".scan-state").textContent = form.dataset.kept;
                    row.classList.remove("is-fewer");
                } else {
                    show(row);
                }
            }
            if (answer.ok) {
                left.textContent = form.dataset.left.replace("#", said.left);
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
    form.addEventListener("counted", (event) => {
        event.target.dataset.counting = event.detail.isAll ? "" : "1";
        keep(event.target);
    });
    form.addEventListener("left", (event) => {
        delete event.target.dataset.counting;
        show(event.target);
    });
    form.addEventListener("change", (event) => {
        if (event.target.matches("input.units")) {
            keep(event.target.closest("tr"));
        }
    });
});
