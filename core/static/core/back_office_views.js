// Lists: the counts of their tabs, columns in another order, and the way back to where one was.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    // Counts come when the list is there; their places are kept free.
    const tabs = document.querySelector(".tabs[data-counts]");
    if (tabs && tabs.dataset.counts) {
        fetch(tabs.dataset.counts, { headers: { Accept: "application/json" } })
            .then((answer) => (answer.ok ? answer.json() : { counts: {} }))
            .then(({ counts }) => {
                for (const tab of tabs.querySelectorAll("a")) {
                    const place = tab.querySelector(".tab-count");
                    if (place && tab.getAttribute("href") in counts) {
                        place.textContent = counts[tab.getAttribute("href")];
                    }
                }
            })
            .catch(() => {
                // Without counts the tabs work as well.
            });
        const open = tabs.querySelector("[aria-current]")?.getBoundingClientRect();
        const strip = tabs.getBoundingClientRect();
        if (open && open.right > strip.right) {
            tabs.scrollLeft = open.right - strip.right;
        }
    }

    // A name is typed at once when "Save view" opens.
    for (const menu of document.querySelectorAll("details.save-view")) {
        menu.addEventListener("toggle", () => menu.open && menu.querySelector("input[name=name]").focus());
    }

    // Columns are moved in place; without this script each move is a page.
    const columns = document.querySelector("form[data-columns]");
    if (columns) {
        columns.addEventListener("click", (event) => {
            const button = event.target.closest("button[name]");
            if (!button) {
                return;
            }
            event.preventDefault();
            const row = button.closest("li");
            const other = button.name === "up" ? row.previousElementSibling : row.nextElementSibling;
            const first = columns.querySelector("li");
            if (other && other !== first) {
                other[button.name === "up" ? "before" : "after"](row);
                button.focus();
            }
            const place = [...row.parentElement.children].indexOf(row) + 1;
            columns.querySelector("[role=status]").textContent = columns.dataset.place
                .replace("#name", row.querySelector("label").textContent.trim())
                .replace("#n", place);
        });
    }

    // The way back: the rows that were ticked are ticked again, and what was changed since is read anew.
    const form = document.getElementById("changelist-form");
    if (!form) {
        return;
    }
    const boxes = [...form.querySelectorAll("input.action-select")];
    const remember = (more) => history.replaceState({ ...history.state, ...more }, "");
    const ticked = () => boxes.filter((box) => box.checked).map((box) => box.value);
    const across = form.querySelector("input.select-across");
    const [arrival] = performance.getEntriesByType("navigation");
    const anew = () => {
        // Somebody who changed a row and comes back must not read what it was before.
        if (Number(read("last-written")) > (history.state?.drawn ?? 0)) {
            remember({ drawn: Date.now(), ticked: ticked(), across: across?.value });
            location.reload();
        }
    };
    if (arrival?.type === "back_forward" || arrival?.type === "reload") {
        for (const box of boxes) {
            box.checked = (history.state?.ticked ?? []).includes(box.value);
        }
        if (across) {
            across.value = history.state?.across ?? "0";
        }
    }
    if (arrival?.type === "back_forward") {
        anew();
    } else {
        remember({ drawn: Date.now() });
    }
    window.addEventListener("pageshow", (event) => event.persisted && anew());
    form.addEventListener("click", () =>
        setTimeout(() => {
            if (ticked().join() !== (history.state?.ticked ?? []).join() || across?.value !== history.state?.across) {
                remember({ ticked: ticked(), across: across?.value });
            }
        }),
    );

    function read(key) {
        try {
            return sessionStorage.getItem(key);
        } catch {
            return null;
        }
    }
});
