// What the back office does in the browser. Everything works without it, only with more clicks.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const body = document.body;

    // The navigation on narrow screens.
    const toggle = document.querySelector(".menu-button");
    const sidebar = document.getElementById("sidebar");
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

    // "/" goes to the search, Escape closes what is open.
    const search = document.querySelector("#global-search") || document.querySelector("#searchbar");
    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest("input, textarea, select, [contenteditable]");
        if (event.key === "/" && !typing && search && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            search.focus();
            search.select();
        }
        if (event.key === "Escape") {
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

    // A form is sent once.
    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (form.method !== "post" || event.defaultPrevented) {
            return;
        }
        if (form.dataset.sent) {
            event.preventDefault();
            return;
        }
        form.dataset.sent = "1";
        setTimeout(() => form.classList.add("busy"), 150);
    });
    // Coming back by the back button must not find a dead form.
    window.addEventListener("pageshow", () => {
        for (const form of document.querySelectorAll("form[data-sent]")) {
            delete form.dataset.sent;
            form.classList.remove("busy");
        }
    });

    // Copy a value that is shown once.
    for (const button of document.querySelectorAll("[data-copy]")) {
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
            button.textContent = button.dataset.copied;
        });
    }

    // The first thing that is wrong gets the focus.
    const wrong = document.querySelector(".errors input:not([type=hidden]), .errors select, .errors textarea");
    if (wrong) {
        wrong.focus();
    }
});
