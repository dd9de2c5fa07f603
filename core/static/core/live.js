// A page that changes by itself: when something happened it takes over what the server draws differently by now. A list
// first says how many of its rows changed, and waits to be asked.
// What somebody types, opens or reads stays: only the parts whose words changed are touched, and none that is in use.
"use strict";
(() => {
    const me = document.currentScript;
    const main = document.querySelector("main");
    if (!me || !main) {
        return;
    }
    const { said, waits, reload, one, many } = me.dataset;
    const SECOND = 1000;

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
            return answer.status < 500 ? "gone" : "failed";
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const now = page.querySelector("main");
        if (!now) {
            return "failed";
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
        if (many) {
            document.dispatchEvent(new CustomEvent("live:drawn", { detail: { page } }));
        }
        return "taken";
    };
    const tried = () => refresh().catch(() => "failed");

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
            note(waits, reload, () => location.reload());
        }
    };

    const note = (words, label, act) => {
        const box = document.createElement("div");
        box.className = "live-note";
        box.setAttribute("role", "status");
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = label;
        button.addEventListener("click", act);
        box.append(words, words && " ", button);
        document.body.append(box);
        return box;
    };

    // Lists --------------------------------------------------------------------------------------
    const changed = new Set();
    let offer = null;
    const show = async () => {
        const had = offer.contains(document.activeElement);
        offer.remove();
        offer = null;
        changed.clear();
        main.querySelectorAll(".live-stale").forEach((row) => row.classList.remove("live-stale"));
        if ((await tried()) === "failed") {
            location.reload();
        } else if (had) {
            main.focus({ preventScroll: true });
        }
    };
    const offerRows = (rows) => {
        rows.forEach((row) => changed.add(row));
        if (!offer) {
            offer = note("", "", show);
            offer.classList.add("live-offer");
        }
        const words = changed.size > 1 ? many.replace("#", changed.size) : one;
        offer.querySelector("button").textContent = words;
        const shown = main.querySelectorAll("#result_list tbody tr");
        changed.forEach((row) => shown[row]?.classList.add("live-stale"));
    };

    document.addEventListener("live:news", ({ detail }) => {
        if (many) {
            offerRows(detail.rows);
        } else {
            detail.answers.push(tried());
        }
    });
})();
