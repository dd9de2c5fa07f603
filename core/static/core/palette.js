// The command palette: opens at once on what the page knows, and asks the server while somebody types.
"use strict";
(() => {
    const RECENT = "recent";
    const keep = {
        read: () => {
            try {
                return JSON.parse(localStorage.getItem(RECENT)) || {};
            } catch {
                return {};
            }
        },
        write: (value) => {
            try {
                localStorage.setItem(RECENT, JSON.stringify(value));
            } catch {
                // A private window may refuse; then nothing is remembered.
            }
        },
        clear: () => {
            try {
                localStorage.removeItem(RECENT);
            } catch {
                // Where nothing can be kept there is nothing to clear.
            }
        },
    };
    const list = document.getElementById("commands");
    if (!list) {
        // Whoever signs in next starts with nothing.
        if (document.body.classList.contains("login")) {
            keep.clear();
        }
        return;
    }
    const { all, run, deeds, written, make, openDialog, mac } = window.backOffice;
    const { person, icons, search, hits: hitsUrl } = list.dataset;
    const palette = document.getElementById("palette");
    const input = palette.querySelector("input");
    const box = palette.querySelector("[role=listbox]");
    const said = palette.querySelector("[role=status]");
    const words = palette.dataset;
    const PAUSE = 60;
    const MOST = 8;
    palette.querySelector("[data-mod]").textContent = mac ? "⌘" : "Ctrl";

    const text = (node) => node.textContent.trim();

    // What this person opened last in this browser -------------------------------------------------
    const recents = () => {
        const kept = keep.read();
        return kept.person === person && Array.isArray(kept.rows) ? kept.rows : [];
    };
    const title = document.querySelector("main h1");
    if (title && /\/change\/$/.test(location.pathname)) {
        const detail = document.querySelector(".crumbs > a")?.textContent.trim();
        const row = { label: text(title), href: location.pathname, detail, icon: "clock" };
        keep.write({ person, rows: [row, ...recents().filter((one) => one.href !== row.href)].slice(0, 12) });
    } else if (keep.read().person !== person) {
        keep.clear();
    }
    document.getElementById("sign-out")?.addEventListener("submit", keep.clear);

    // What the page itself offers: the steps of its record, its views, the records it names ----------
    const STEPS = ["main .steps a[href], main .standing > a[href]", "bolt"];
    const PARTS = [
        ["main .actions button[name=action]", "bolt"],
        ["main :is(.tabs, .more-views) a[href]:not([aria-current])", "filter"],
        ["main .glance a[data-aside]", "arrow"],
        ["main .facts dd a[href]", "arrow", (node) => node.closest("div").querySelector("dt")],
        ["main .panel > header .more", "arrow", (node) => node.parentNode.querySelector("h2").firstChild],
    ];
    // The name of a control, without the count or the note that may stand in it.
    const own = (node) => [...node.childNodes].map((part) => (part.nodeType === Node.TEXT_NODE ? part.data : "")).join("").trim() || text(node);
    const MENU = ".who .menu-body :is(a[href], button)";
    const address = (href) => new URL(href, location).pathname;
    const offeredBy = ([kind, usual, about]) =>
        [...document.querySelectorAll(kind)]
            .filter((node) => node.checkVisibility() || node.closest("details")?.checkVisibility())
            .map((node) => {
                const icon = node.querySelector("use")?.getAttribute("href").split("#")[1] || usual;
                const detail = about && text(about(node));
                return { label: own(node), href: node.getAttribute("href"), node, icon, detail, keys: node.dataset.keys };
            });

    // What fits the words that were typed ----------------------------------------------------------
    const plain = (value) => (value || "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const score = (command, typed) => {
        const [label, rest] = [plain(command.label), plain(`${command.detail || ""} ${command.group || ""}`)];
        let least = 9;
        for (const word of typed) {
            const starts = (value) => value.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word));
            const points = label.startsWith(word) ? 4 : starts(label) ? 3 : starts(rest) ? 2 : word.length > 2 && label.includes(word) ? 1 : 0;
            least = Math.min(least, points);
        }
        return least;
    };
    const fitting = (commands, typed) => {
        const scored = commands.map((command) => [score(command, typed), command]).filter(([points]) => points);
        scored.sort((a, b) => b[0] - a[0]);
        return { best: scored[0]?.[0] || 0, rows: scored.slice(0, MOST).map(([, command]) => command) };
    };

    // What the server found: an answer is kept for this page, and an old one never shown for new words.
    const answers = new Map();
    let found = [];
    let asked = null;
    let waiting = 0;
    const asHit = (hit) => ({ ...hit, href: hit.url, icon: "arrow" });
    const ask = (term) => {
        clearTimeout(waiting);
        asked?.abort();
        if (!hitsUrl || (term.length < 2 && !/\d/.test(term))) {
            found = [];
        } else if (answers.has(term)) {
            found = answers.get(term);
        } else {
            found = found.filter((hit) => plain(`${hit.label} ${hit.detail}`).includes(plain(term)));
            waiting = setTimeout(() => fetchHits(term), PAUSE);
        }
    };
    const fetchHits = async (term) => {
        asked = new AbortController();
        const { signal } = asked;
        try {
            const answer = await fetch(`${hitsUrl}?q=${encodeURIComponent(term)}`, { signal, headers: { Accept: "application/json" } });
            // Whoever was signed out meanwhile is led to the door; the search page will do the same.
            const hits = answer.ok && !answer.redirected ? (await answer.json()).hits.map(asHit) : [];
            answers.set(term, hits);
            if (term === input.value.trim()) {
                found = hits;
                draw();
            }
        } catch (error) {
            if (error.name !== "AbortError" && error.name !== "TypeError") {
                throw error;
            }
        }
    };

    // What is shown --------------------------------------------------------------------------------
    const sections = (term) => {
        const here = location.pathname;
        const known = all().filter((command) => command.listed && !command.node);
        const steps = offeredBy(STEPS);
        const groups = new Map([[words.here, [...steps, ...PARTS.flatMap(offeredBy)]], [words.recent, recents().filter((row) => row.href !== here)]]);
        for (const command of known) {
            // What the page offers itself is not named twice.
            const same = steps.find((step) => address(step.href) === command.href);
            if (same) {
                same.keys ||= command.keys;
            } else {
                groups.set(command.group, [...(groups.get(command.group) || []), command]);
            }
        }
        const labels = new Set(known.map((command) => command.label));
        groups.set(text(document.querySelector(".who-name")), offeredBy([MENU, "person"]).filter((one) => !labels.has(one.label)));
        if (!term) {
            groups.set(words.recent, groups.get(words.recent).slice(0, 5));
            return [...groups];
        }
        const typed = plain(term).split(/\s+/);
        const ranked = [...groups].map(([name, commands]) => ({ name, ...fitting(commands, typed) }));
        for (const hit of found) {
            const best = hit.exact ? 9 : 2.5;
            const same = ranked.find((section) => section.name === hit.kind && section.best === best);
            same ? same.rows.push(hit) : ranked.push({ name: hit.kind, best, rows: [hit] });
        }
        // A record that was found is not named twice.
        const told = new Set(found.map((hit) => hit.href));
        for (const section of ranked.filter((one) => one.name === words.recent)) {
            section.rows = section.rows.filter((row) => !told.has(row.href));
        }
        ranked.sort((a, b) => b.best - a.best);
        const shown = ranked.map(({ name, rows }) => [name, rows]);
        return search ? [...shown, ["", [{ label: words.everything.replace("#", term), href: `${search}?q=${encodeURIComponent(term)}`, icon: "search", last: true }]]] : shown;
    };

    let options = [];
    let active = 0;
    let moved = false;
    const drawIcon = (name) => {
        const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
        svg.setAttribute("class", "icon");
        svg.setAttribute("aria-hidden", "true");
        use.setAttribute("href", `${icons}#${name}`);
        svg.append(use);
        return svg;
    };
    const drawOption = (command, at) => {
        const node = make("div", "palette-option", drawIcon(command.icon || "arrow"), make("span", "palette-label", command.label));
        node.id = `palette-${at}`;
        node.setAttribute("role", "option");
        node.setAttribute("aria-selected", "false");
        if (command.detail) {
            node.append(make("span", "palette-detail", command.detail));
        }
        if (command.status) {
            node.append(make("span", `badge ${command.tone}`, drawIcon(`tone-${command.tone}`), command.status));
        }
        if (command.keys) {
            node.append(make("span", "palette-keys", ...written(command.keys.split(",")[0], "")));
        }
        return node;
    };
    const choose = (at) => {
        options[active]?.node.setAttribute("aria-selected", "false");
        active = at;
        const chosen = options[active]?.node;
        chosen?.setAttribute("aria-selected", "true");
        chosen?.scrollIntoView({ block: "nearest" });
        chosen ? input.setAttribute("aria-activedescendant", chosen.id) : input.removeAttribute("aria-activedescendant");
    };
    const draw = () => {
        const before = moved ? options[active]?.command : null;
        options = [];
        const groups = sections(input.value.trim()).filter(([, rows]) => rows.length);
        box.replaceChildren(
            ...groups.map(([name, rows], at) => {
                const group = make("div", "palette-group");
                group.setAttribute("role", "group");
                if (name) {
                    const heading = make("div", "palette-title", name);
                    heading.id = `palette-group-${at}`;
                    heading.setAttribute("role", "presentation");
                    group.append(heading);
                    group.setAttribute("aria-labelledby", heading.id);
                }
                for (const command of rows) {
                    const node = drawOption(command, options.length);
                    options.push({ command, node });
                    group.append(node);
                }
                return group;
            }),
        );
        const kept = before ? options.findIndex(({ command }) => command.label === before.label && command.href === before.href) : -1;
        choose(Math.max(kept, 0));
        const count = options.filter(({ command }) => !command.last).length;
        said.classList.toggle("visually-hidden", options.length > 0);
        input.setAttribute("aria-expanded", String(options.length > 0));
        said.textContent = count === 0 ? words.none : count === 1 ? words.one : words.many.replace("#", count);
    };

    const take = (at, apart) => {
        const { command } = options[at] || {};
        if (command) {
            // Once one is back where one was: a command may go on from there.
            palette.addEventListener("close", () => run(command, apart), { once: true });
            palette.close();
        }
    };

    deeds.palette = () => {
        if (palette.open) {
            return;
        }
        input.value = "";
        found = [];
        moved = false;
        active = 0;
        openDialog(palette);
        draw();
        box.scrollTop = 0;
        input.focus();
    };
    palette.addEventListener("close", () => {
        clearTimeout(waiting);
        asked?.abort();
    });
    input.addEventListener("input", () => {
        moved = false;
        ask(input.value.trim());
        draw();
    });
    palette.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1, PageDown: MOST, PageUp: -MOST }[event.key];
        if (step && options.length) {
            event.preventDefault();
            moved = true;
            const next = active + step;
            const around = Math.abs(step) === 1 ? (next + options.length) % options.length : Math.min(Math.max(next, 0), options.length - 1);
            choose(around);
        } else if (event.key === "Enter" && event.target === input && !event.isComposing) {
            event.preventDefault();
            take(active, event.ctrlKey || event.metaKey);
        } else if (event.key === "Escape") {
            event.preventDefault();
            palette.close();
        } else if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            palette.close();
        }
    });
    // A press does not take the focus from the field, only a click chooses.
    box.addEventListener("mousedown", (event) => event.preventDefault());
    box.addEventListener("click", (event) => {
        const at = options.findIndex(({ node }) => node.contains(event.target));
        take(at, event.ctrlKey || event.metaKey);
    });
    box.addEventListener("mousemove", (event) => {
        const at = options.findIndex(({ node }) => node.contains(event.target));
        if (at >= 0 && at !== active) {
            moved = true;
            choose(at);
        }
    });
})();
