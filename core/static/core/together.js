// Working together: the bell counts what one is told, and a text names colleagues (`@`), by keyboard or mouse.
"use strict";
(() => {
    const SECOND = 1000;
    const MINUTE = 60 * SECOND;

    // The bell -----------------------------------------------------------------------------------
    const bell = document.querySelector(".bell[data-ask]");
    if (bell) {
        const shown = bell.querySelector(".bell-count");
        const voice = bell.parentElement.querySelector(".bell-voice");
        const KEY = `bell:${bell.dataset.who}`;
        const kept = (value) => {
            try {
                return value === undefined ? JSON.parse(sessionStorage.getItem(KEY) ?? "null") : sessionStorage.setItem(KEY, JSON.stringify(value));
            } catch {
                return null; // A private window may refuse; the bell is then empty until it has asked.
            }
        };
        let fails = 0;
        let busy = false;
        let again = false;
        let timer = 0;
        let mark = "";
        // Where the page listens (live_line.js) it hears when to ask; else it asks every few seconds.
        let listens = false;
        const draw = ({ count }) => {
            shown.textContent = count > 99 ? "99+" : count || "";
            bell.setAttribute("aria-label", count ? `${bell.dataset.label}: ${shown.textContent}` : bell.dataset.label);
        };
        const take = (now) => {
            const before = kept();
            mark = now.mark;
            draw(now);
            if (before && now.newest > before.newest) {
                voice.textContent = "";
                voice.textContent = bell.dataset.said;
            }
            kept({ ...now, newest: Math.max(now.newest, before?.newest ?? 0) });
        };
        const look = async () => {
            clearTimeout(timer);
            if (document.hidden || busy) {
                again = busy;
                return;
            }
            busy = true;
            try {
                const answer = await fetch(`${bell.dataset.ask}?after=${mark}`, { credentials: "omit", cache: "no-store" });
                if (answer.status === 404) {
                    return; // The page is a day old.
                }
                fails = answer.ok ? 0 : fails + 1;
                if (answer.status === 200) {
                    take(await answer.json());
                }
            } catch {
                fails += 1;
            }
            busy = false;
            const usual = listens ? MINUTE : 3 * SECOND;
            timer = setTimeout(look, again ? 0 : fails ? Math.min(MINUTE, usual * 2 ** fails) : usual);
            again = false;
        };
        const known = kept();
        if (known) {
            draw(known);
        }
        document.addEventListener("visibilitychange", look);
        document.addEventListener("live:bell", look);
        document.addEventListener("live:silent", () => {
            listens = false;
            clearTimeout(timer);
            timer = setTimeout(look, mark ? 3 * SECOND : 0);
        });
        document.addEventListener("live:listens", ({ detail }) => {
            listens = true;
            clearTimeout(timer);
            detail.bell && take(detail.bell);
            timer = setTimeout(look, MINUTE);
        });
        window.addEventListener("pageshow", ({ persisted }) => persisted && look());
        // The first word of the line says it sooner.
        timer = setTimeout(look, document.querySelector("script[data-stream]") ? 5 * SECOND : 0);
    }

    // Naming colleagues --------------------------------------------------------------------------
    const TYPED = /(^|[^\w@.])@([\w.+-]{0,40})$/;
    let count = 0;
    const watch = (field) => {
        const list = document.createElement("ul");
        list.className = "name-list";
        list.id = `names-${++count}`;
        list.hidden = true;
        list.setAttribute("role", "listbox");
        list.setAttribute("aria-label", field.dataset.namesLabel);
        field.closest(".name-box").append(list);
        field.setAttribute("aria-autocomplete", "list");
        field.setAttribute("aria-controls", list.id);
        let at = -1;
        let asked = 0;
        let timer = 0;
        let people = [];
        const typed = () => (field.selectionStart === field.selectionEnd ? TYPED.exec(field.value.slice(0, field.selectionStart)) : null);
        const close = () => {
            asked += 1;
            clearTimeout(timer);
            list.hidden = true;
            field.removeAttribute("aria-activedescendant");
        };
        const mark = (place) => {
            at = (place + people.length) % people.length;
            [...list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === at)));
            field.setAttribute("aria-activedescendant", list.children[at].id);
            list.children[at].scrollIntoView({ block: "nearest" });
        };
        const take = (person) => {
            const found = typed();
            if (found) {
                const end = field.selectionStart;
                field.setRangeText(`@${person.username} `, end - found[2].length - 1, end, "end");
                field.dispatchEvent(new Event("input", { bubbles: true }));
            }
            close();
            field.focus();
        };
        const offer = () => {
            list.replaceChildren(
                ...people.map((person, number) => {
                    const row = document.createElement("li");
                    row.id = `${list.id}-${number}`;
                    row.setAttribute("role", "option");
                    const name = document.createElement("small");
                    name.textContent = `@${person.username}`;
                    row.append(person.name, " ", name);
                    row.addEventListener("pointerdown", (event) => {
                        event.preventDefault();
                        take(person);
                    });
                    return row;
                }),
            );
            list.hidden = false;
            mark(0);
        };
        const look = async (words, mine) => {
            try {
                const answer = await fetch(`${field.dataset.names}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } });
                const said = answer.ok ? await answer.json() : { people: [] };
                if (mine !== asked) {
                    return;
                }
                people = said.people;
                people.length ? offer() : close();
            } catch {
                close();
            }
        };
        field.addEventListener("input", () => {
            const found = typed();
            if (!found) {
                close();
                return;
            }
            clearTimeout(timer);
            const mine = ++asked;
            timer = setTimeout(() => look(found[2], mine), 80);
        });
        field.addEventListener("keydown", (event) => {
            if (list.hidden || event.isComposing) {
                return;
            }
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step) {
                mark(at + step);
            } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
                take(people[at]);
            } else if (event.key === "Escape") {
                close();
            } else {
                return;
            }
            event.preventDefault();
            event.stopPropagation();
        });
        field.addEventListener("blur", close);
    };
    const dress = (root) => {
        for (const field of root.querySelectorAll(".name-box textarea[data-names]:not([aria-autocomplete])")) {
            watch(field);
        }
    };
    document.addEventListener("DOMContentLoaded", () => dress(document));
    document.addEventListener("live:changed", () => dress(document));
    // After live.js, which takes what it finds for what the server drew.
    document.addEventListener("page:drawn", () => queueMicrotask(() => dress(document)));
})();
