// What the back office does in the browser. Everything works without it, only with more clicks.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const body = document.body;

    // The navigation on narrow screens.
    const toggle = document.querySelector(".menu-button");
    const sidebar = document.getElementById("sidebar");
    // A list of places that scrolls begins at the one that is open.
    sidebar?.querySelector(".sidebar-foot [aria-current]")?.scrollIntoView({ block: "nearest" });
    const openMenu = (open) => {
        body.classList.toggle("menu-open", open);
        toggle.setAttribute("aria-expanded", String(open));
        if (open) {
            sidebar.querySelector("a").focus();
        }
    };
    if (toggle && sidebar) {
        toggle.addEventListener("click", () => openMenu(!body.classList.contains("menu-open")));
        document.querySelector(".scrim").addEventListener("click", () => openMenu(false));
    }

    // Escape closes what is open.
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
            const menu = event.target.closest("details.menu[open]") || document.querySelector("details.menu[open]");
            if (menu) {
                menu.open = false;
                menu.querySelector("summary").focus();
            } else if (body.classList.contains("menu-open")) {
                openMenu(false);
                toggle.focus();
            }
        }
    });

    // One menu at a time, closed by a click elsewhere.
    document.addEventListener("click", (event) => {
        for (const menu of document.querySelectorAll("details.menu[open]")) {
            if (!menu.contains(event.target)) {
                menu.open = false;
            }
        }
    });

    // Rows of a list are selected one by one, in ranges with Shift, or all that match.
    const bar = document.querySelector("#changelist-form .actions");
    if (bar && document.getElementById("action-toggle")) {
        const boxes = [...document.querySelectorAll("input.action-select")];
        const all = document.getElementById("action-toggle");
        const across = bar.querySelector("input.select-across");
        const offer = bar.querySelector("button.select-across");
        const note = bar.querySelector(".across-note");
        let last = null;
        const show = () => {
            const chosen = boxes.filter((box) => box.checked);
            for (const box of boxes) {
                box.closest("tr").classList.toggle("selected", box.checked);
            }
            all.checked = chosen.length === boxes.length;
            all.indeterminate = chosen.length > 0 && !all.checked;
            if (!all.checked) {
                across.value = "0";
            }
            const everything = across.value === "1";
            bar.querySelector(".action-counter").textContent = everything ? "" : bar.dataset.text.replace("#", chosen.length);
            if (offer) {
                offer.classList.toggle("hidden", everything || !all.checked);
                note.classList.toggle("hidden", !everything);
            }
        };
        const setAll = (checked) => {
            for (const box of boxes) {
                box.checked = checked;
            }
            across.value = "0";
            show();
        };
        all.addEventListener("click", () => setAll(all.checked));
        for (const box of boxes) {
            box.addEventListener("click", (event) => {
                if (event.shiftKey && last) {
                    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
                    for (const between of boxes.slice(from, to + 1)) {
                        between.checked = box.checked;
                    }
                }
                last = box;
                show();
            });
        }
        if (offer) {
            offer.addEventListener("click", () => {
                across.value = "1";
                show();
            });
        }
        bar.querySelector(".clear-selection").addEventListener("click", () => setAll(false));
        window.addEventListener("pageshow", show);
        show();
    }

    // A field that looks its rows up is named by its label, as every other field is.
    const nameLookUps = (form) => {
        for (const field of form.querySelectorAll("select.admin-autocomplete[id]")) {
            const label = document.querySelector(`label[for="${field.id}"]`);
            const shown = field.parentElement.querySelector(".select2-selection");
            if (label && shown) {
                label.id ||= `${field.id}_label`;
                shown.setAttribute("aria-labelledby", `${label.id} select2-${field.id}-container`);
                shown.querySelector(".select2-selection__rendered")?.setAttribute("aria-labelledby", label.id);
            }
        }
    };
    const watchLookUps = (root) => {
        for (const form of root.querySelectorAll("form.record, .confirm form")) {
            nameLookUps(form);
            // They are drawn later than the page, and with every row that is added.
            new MutationObserver(() => nameLookUps(form)).observe(form, { childList: true, subtree: true });
        }
    };

    // What scrolls sideways on a narrow screen can be scrolled by keyboard, too.
    const reachScrollers = () => {
        for (const box of document.querySelectorAll(".panel.flush, .table-box, .inline-group fieldset, .tabs")) {
            if (box.scrollWidth > box.clientWidth) {
                box.tabIndex = 0;
            } else {
                box.removeAttribute("tabindex");
            }
        }
    };
    window.addEventListener("resize", reachScrollers);

    // Lists that are gone back to read anew what may have changed (back_office_views.js).
    const noteWriting = () => {
        try {
            sessionStorage.setItem("last-written", String(Date.now()));
        } catch {
            // A private window may refuse; its lists are then as they were left.
        }
    };

    // A form is sent once.
    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (form.getAttribute("method") !== "post" || event.defaultPrevented) {
            return;
        }
        if (form.dataset.sent) {
            event.preventDefault();
            return;
        }
        form.dataset.sent = "1";
        noteWriting();
        setTimeout(() => form.classList.add("busy"), 150);
    });
    // Coming back by the back button must not find a dead form.
    window.addEventListener("pageshow", () => {
        for (const form of document.querySelectorAll("form[data-sent]")) {
            delete form.dataset.sent;
            form.classList.remove("busy");
        }
    });

    // Buttons that only work with this script: copy a value that is shown once, print the page.
    const wakeButtons = (root) => {
        for (const button of root.querySelectorAll("[data-copy]")) {
            button.addEventListener("click", async () => {
                await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
                button.textContent = button.dataset.copied;
            });
        }
        for (const button of root.querySelectorAll("[data-print]")) {
            button.classList.remove("hidden");
            button.addEventListener("click", () => window.print());
        }
    };

    // The same for the page and for what is drawn into it later (aside.js).
    const dress = (root) => {
        watchLookUps(root);
        wakeButtons(root);
        reachScrollers();
    };
    dress(document);
    Object.assign(window.backOffice ?? {}, { dress, noteWriting });

    // The first thing that is wrong gets the focus.
    const wrong = document.querySelector(".errors input:not([type=hidden]), .errors select, .errors textarea");
    if (wrong) {
        wrong.focus();
    }
});
