// A page that changes by itself: it asks whether something happened, and takes over what the server draws differently.
// What somebody types, opens or reads stays: only the parts whose words changed are touched, and none that is in use.
"use strict";
(() => {
    const me = document.currentScript;
    const main = document.querySelector("main");
    if (!me || !main) {
        return;
    }
    const { ask, said, waits, reload } = me.dataset;
    const made = Number(me.dataset.made);
    // A page that was made while something was being written down may have missed it.
    const MARGIN = 2000;
    const SECOND = 1000;
    const MINUTE = 60 * SECOND;

    // The page as the server drew it, node by node the one that is shown.
    const shownAs = new WeakMap();
    let drawn = main.cloneNode(true);
    const pair = (server, shown) => {
        shownAs.set(server, shown);
        server.childNodes.forEach((child, at) => shown.childNodes[at] && pair(child, shown.childNodes[at]));
    };
    pair(drawn, main);
    const openAtFirst = new WeakSet(main.querySelectorAll("details[open]"));
    // Drawn anew by another script (aside.js): from here on that is what the server drew.
    document.addEventListener("page:drawn", () => {
        drawn = main.cloneNode(true);
        pair(drawn, main);
    });

    // In use -------------------------------------------------------------------------------------
    const FIELDS = "input:not([type=hidden], [type=submit], [type=button]), textarea, select";
    const isTouched = (field) =>
        field.type === "checkbox" || field.type === "radio"
            ? field.checked !== field.defaultChecked
            : field.options
              ? [...field.options].some((one) => one.defaultSelected) && [...field.options].some((one) => one.selected !== one.defaultSelected)
              : field.value !== field.defaultValue;
    const within = (node, selector) => [...(node.matches(selector) ? [node] : []), ...node.querySelectorAll(selector)];
    const isInUse = (node) =>
        node.nodeType === Node.ELEMENT_NODE &&
        (within(node, FIELDS).some((field) => field === document.activeElement || isTouched(field)) ||
            within(node, "details[open], dialog[open]").some((one) => !openAtFirst.has(one)));

    // Taking over --------------------------------------------------------------------------------
    // What was said to this reader once stays until the next page.
    const KEEP = "main > .message, main > [role=status], [data-live-keep]";
    let held = false;
    let fresh = [];

    // What a part is: its tag and name, and the words that head it where it is one of several of its kind.
    const HEAD = ":scope > :is(dt, th, header, h2, h3, td:first-child)";
    const kind = (node) => `${node.nodeName}#${node.id ?? ""}.${node.classList?.[0] ?? ""} ${node.querySelector?.(HEAD)?.textContent.trim() ?? ""}`;

    // The longest row of children that both have in common, as pairs of places.
    const common = (before, after) => {
        const best = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
        for (let i = before.length - 1; i >= 0; i--) {
            for (let j = after.length - 1; j >= 0; j--) {
                best[i][j] = kind(before[i]) === kind(after[j]) ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
            }
        }
        const pairs = [];
        for (let i = 0, j = 0; i < before.length && j < after.length;) {
            if (kind(before[i]) === kind(after[j])) {
                pairs.push([before[i++], after[j++]]);
            } else if (best[i + 1][j] >= best[i][j + 1]) {
                i++;
            } else {
                j++;
            }
        }
        return pairs;
    };

    // What is the same at the beginning and at the end needs no search: a new line on top moves nothing below.
    const matches = (before, after) => {
        let [head, tail] = [0, 0];
        const most = Math.min(before.length, after.length);
        while (head < most && before[head].isEqualNode(after[head])) {
            head++;
        }
        while (tail < most - head && before.at(-1 - tail).isEqualNode(after.at(-1 - tail))) {
            tail++;
        }
        const middle = common(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
        const same = (from, to, count) => Array.from({ length: count }, (_, n) => [before[from + n], after[to + n]]);
        return [...same(0, 0, head), ...middle, ...same(before.length - tail, after.length - tail, tail)];
    };

    const remove = (shown) => {
        if (shown.nodeType === Node.ELEMENT_NODE && shown.matches(KEEP)) {
            return;
        }
        if (isInUse(shown)) {
            held = true;
            return;
        }
        shown.remove();
    };

    const takeOver = (before, after) => {
        const shown = shownAs.get(before);
        if (!shown) {
            return;
        }
        shownAs.set(after, shown);
        if (before.isEqualNode(after)) {
            before.childNodes.forEach((child, at) => takeOver(child, after.childNodes[at]));
            return;
        }
        if (after.nodeType !== Node.ELEMENT_NODE) {
            shown.nodeValue = after.nodeValue;
            fresh.push(shown.parentElement);
            return;
        }
        takeAttributes(before, after, shown);
        const kept = matches([...before.childNodes], [...after.childNodes]);
        const stays = new Map(kept.map(([old, now]) => [now, old]));
        for (const child of before.childNodes) {
            if (!kept.some(([old]) => old === child) && shownAs.has(child)) {
                remove(shownAs.get(child));
            }
        }
        let place = null;
        for (const child of [...after.childNodes].reverse()) {
            const old = stays.get(child);
            if (old) {
                takeOver(old, child);
                place = shownAs.get(child) ?? place;
            } else {
                const made = document.importNode(child, true);
                pair(child, made);
                shown.insertBefore(made, place?.parentNode === shown ? place : null);
                fresh.push(made.nodeType === Node.ELEMENT_NODE ? made : shown);
                place = made;
            }
        }
    };

    const takeAttributes = (before, after, shown) => {
        const names = new Set([...before.getAttributeNames(), ...after.getAttributeNames()]);
        for (const name of names) {
            if (before.getAttribute(name) === after.getAttribute(name) || (name === "open" && shown.matches("details"))) {
                continue;
            }
            if (shown.matches(FIELDS) && isInUse(shown)) {
                held = true;
            } else if (after.hasAttribute(name)) {
                shown.setAttribute(name, after.getAttribute(name));
            } else {
                shown.removeAttribute(name);
            }
            fresh.push(shown);
        }
    };

    const refresh = async () => {
        const answer = await fetch(location.href, { headers: { "X-Live": "1" }, redirect: "manual", cache: "no-store" });
        if (!answer.ok) {
            // Signed out, or not to be seen any more: whoever looks is told with the next click.
            stopped = answer.status < 500;
            return false;
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const now = page.querySelector("main");
        if (!now) {
            return false;
        }
        const token = main.querySelector("input[name=csrfmiddlewaretoken]")?.value;
        for (const field of now.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
            field.setAttribute("value", token ?? field.value);
        }
        const at = document.activeElement;
        const words = at?.textContent;
        fresh = [];
        takeOver(drawn, now);
        drawn = now;
        if (at && at !== document.body && !at.isConnected) {
            const like = [...main.querySelectorAll("a[href], button, summary")].find((one) => one.textContent === words);
            (like ?? main).focus({ preventScroll: true });
        }
        if (fresh.length) {
            document.title = page.title;
            tell();
            document.dispatchEvent(new CustomEvent("live:changed"));
        }
        return true;
    };

    // Saying it ----------------------------------------------------------------------------------
    const voice = document.createElement("p");
    voice.className = "live-voice";
    voice.setAttribute("role", "status");
    document.body.append(voice);

    const tell = () => {
        const words = [main.querySelector("h1"), main.querySelector(".badge")].map((one) => one?.textContent.trim());
        voice.textContent = said.replace("#", words.filter(Boolean).join(", "));
        const parts = [...new Set(fresh.map((one) => one?.closest("tr, li, .panel, .card, .badge, dd, p")))];
        for (const node of parts) {
            if (node && !parts.some((other) => other && other !== node && node.contains(other))) {
                node.classList.add("live-fresh");
                setTimeout(() => node.classList.remove("live-fresh"), 2 * SECOND);
            }
        }
        if (held && !document.querySelector(".live-note")) {
            const note = document.createElement("div");
            note.className = "live-note";
            note.setAttribute("role", "status");
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = reload;
            button.addEventListener("click", () => location.reload());
            note.append(waits, " ", button);
            document.body.append(note);
        }
    };

    // Asking -------------------------------------------------------------------------------------
    let mark = "";
    let fails = 0;
    let stopped = false;
    let timer = 0;
    let busy = false;
    let lively = Date.now();

    const pause = () => {
        const quiet = Date.now() - lively;
        const usual = quiet < 10 * MINUTE ? SECOND : quiet < 60 * MINUTE ? 3 * SECOND : 15 * SECOND;
        return Math.max(usual, fails ? Math.min(MINUTE, SECOND * 2 ** fails) : 0) * (0.9 + Math.random() / 5);
    };
    const look = async () => {
        clearTimeout(timer);
        if (document.hidden || stopped || busy) {
            return;
        }
        busy = true;
        try {
            const answer = await fetch(`${ask}?after=${mark}`, { credentials: "omit", cache: "no-store" });
            stopped = answer.status === 404;
            fails = answer.ok ? 0 : fails + 1;
            if (answer.status === 200) {
                const now = await answer.json();
                if ((mark === "" && now.last < made - MARGIN) || (await refresh())) {
                    lively = mark === "" ? lively : Date.now();
                    mark = now.mark;
                } else {
                    fails += 1;
                }
            }
        } catch {
            fails += 1;
        }
        busy = false;
        timer = setTimeout(look, pause());
    };
    for (const sign of ["keydown", "pointerdown"]) {
        document.addEventListener(sign, () => (lively = Date.now()), { passive: true });
    }
    document.addEventListener("visibilitychange", look);
    window.addEventListener("pageshow", look);
})();
