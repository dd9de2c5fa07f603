// Applies the chosen theme before anything is drawn: auto (follows the system), light or dark.
"use strict";
(() => {
    const root = document.documentElement;
    const read = () => {
        try {
            return localStorage.getItem("theme") || "auto";
        } catch {
            return "auto";
        }
    };
    root.dataset.theme = read();
    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-theme-choice]");
        if (!button) {
            return;
        }
        root.dataset.theme = button.dataset.themeChoice;
        try {
            localStorage.setItem("theme", root.dataset.theme);
        } catch {
            // A private window may refuse; the choice then lasts for the page.
        }
        mark();
    });
    const mark = () => {
        for (const button of document.querySelectorAll("[data-theme-choice]")) {
            button.setAttribute("aria-pressed", String(button.dataset.themeChoice === root.dataset.theme));
        }
    };
    document.addEventListener("DOMContentLoaded", mark);
})();
