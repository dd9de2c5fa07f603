// Scanning against a list: every code is answered here and at once; the server books what the fields say.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("scanning");
    if (!form) {
        return;
    }
    const known = JSON.parse(document.getElementById("scanned").textContent);
    const by = (id) => document.getElementById(id);
    const [scan, said, quietly, total] = ["scan", "scan-said", "scan-quietly", "scan-total"].map(by);
    const words = form.dataset;
    const rows = new Map([...form.querySelectorAll("tr[data-row]")].map((row) => [row.dataset.row, row]));
    const say = (text, first, second) => text.replace("#", () => first).replace("@", () => second);
    let last = null;

    const { beep, tell, alarm, calm } = window.scanner(scan, said);

    // Counting ----------------------------------------------------------------------------------
    const field = (row) => row.querySelector("input.units");
    const counted = (row) => {
        const units = Number(field(row).value.trim());
        return Number.isInteger(units) && units > 0 ? units : 0;
    };
    const show = (row) => {
        const state = row.querySelector(".scan-state");
        if (row.dataset.expected === undefined) {
            return;
        }
        const missing = Number(row.dataset.expected) - counted(row);
        const begun = counted(row) > 0;
        state.textContent = !begun ? "" : missing > 0 ? say(words.missing, missing) : missing < 0 ? say(words.more, -missing) : words.complete;
        row.classList.toggle("is-complete", begun && missing === 0);
        row.classList.toggle("is-more", missing < 0);
        row.classList.toggle("is-fewer", begun && missing > 0);
    };
    const sum = () => {
        if (!words.total) {
            return;
        }
        const all = [...rows.values()];
        const here = all.reduce((units, row) => units + counted(row), 0);
        total.textContent = say(words.total, here, all.reduce((units, row) => units + Number(row.dataset.expected), 0));
    };
    const choose = (row) => {
        if (last !== row) {
            last?.dispatchEvent(new CustomEvent("left", { bubbles: true }));
        }
        last?.classList.remove("is-last");
        last = row;
        row.classList.add("is-last");
        row.scrollIntoView({ block: "nearest" });
    };
    const put = (row, units, isAll = false) => {
        field(row).value = Math.min(units, 1000000);
        choose(row);
        show(row);
        sum();
        calm();
        beep(1180, 0.05);
        quietly.textContent = say(words.added, row.dataset.name, counted(row));
        row.dispatchEvent(new CustomEvent("counted", { bubbles: true, detail: { isAll } }));
    };

    // Understanding a code ----------------------------------------------------------------------
    const rowOf = (code) => rows.get(String(known.codes[code.toUpperCase()] ?? ""));
    const isLast = (code) => last && last.dataset.bin === code.toUpperCase();
    const understand = (code) => {
        const many = /^(\d{1,6})\s*[*×x]\s*(\S.*)$/i.exec(code);
        if (rowOf(code)) {
            put(rowOf(code), counted(rowOf(code)) + 1);
        } else if (many && rowOf(many[2])) {
            put(rowOf(many[2]), counted(rowOf(many[2])) + Number(many[1]));
        } else if (/^\d{1,6}$/.test(code)) {
            if (last) {
                put(last, Number(code), true);
            } else {
                alarm(words.first);
            }
        } else if (known.bins && code.toUpperCase() in known.bins) {
            const place = last?.querySelector("input.bin");
            if (place) {
                calm();
                place.value = code.toUpperCase();
                tell(say(words.binKept, last.dataset.name, place.value), true);
                beep(1180, 0.05);
            } else if (isLast(code)) {
                calm();
                tell(say(words.binRight, code), true);
                beep(1180, 0.05);
            } else {
                alarm(last ? say(words.binWrong, code, last.dataset.bin) : words.first);
            }
        } else if (known.shelves && rows.has(String(known.shelves[code.toUpperCase()] ?? ""))) {
            // A shelf that is counted: the next number says how many lie there.
            choose(rows.get(String(known.shelves[code.toUpperCase()])));
            calm();
            tell(say(words.shelf, last.dataset.name), true);
            beep(1180, 0.05);
        } else if (known.later?.includes(code.toUpperCase())) {
            alarm(say(words.later, code));
        } else {
            alarm(say(words.unknown, code));
        }
    };
    const bins = () => [...rows.values()].filter((row) => counted(row) > 0).map((row) => row.querySelector("input.bin"));
    const next = () => {
        last?.dispatchEvent(new CustomEvent("left", { bubbles: true }));
        (bins().find((bin) => bin && !bin.value.trim()) || by("scan-book")).focus();
    };
    const take = () => {
        const code = scan.value.trim();
        scan.value = "";
        if (code) {
            understand(code);
        } else {
            next();
        }
    };
    scan.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
            event.preventDefault();
            take();
        }
    });
    scan.addEventListener("input", () => scan.value && calm());
    by("scan-add").addEventListener("click", () => {
        take();
        scan.focus();
    });
    for (const row of rows.values()) {
        field(row).addEventListener("focus", () => field(row).select());
        field(row).addEventListener("input", () => {
            show(row);
            sum();
        });
        for (const input of row.querySelectorAll("input")) {
            input.addEventListener("keydown", (event) => {
                // A scanner ends with Enter: that must not book what is half counted.
                if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
                    event.preventDefault();
                    if (input.classList.contains("bin")) {
                        next();
                    } else {
                        scan.focus();
                    }
                }
            });
        }
        show(row);
    }
    if ([...rows.values()].some(counted)) {
        sum();
    }
    window.addEventListener("pageshow", (event) => {
        // A page that comes back from memory may be about goods that are booked.
        if (event.persisted) {
            location.reload();
        }
    });
});
