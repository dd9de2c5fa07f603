// What can be called on this page and by which keys: read from one list, so that the sheet of keys cannot lie.
"use strict";
(() => {
    const list = document.getElementById("commands");
    if (!list) {
        return;
    }
    const mac = /Mac|iP/.test(navigator.platform);
    const ROWS = "main :is(#result_list > tbody > tr, .hits > tbody > tr, .todos > li)";
    const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset]), textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=textbox]";
    const WAIT = 1500;

    // The commands -------------------------------------------------------------------------------
    const read = (node, group) => ({
        node: node.isConnected ? node : null,
        label: node.textContent.trim(),
        group,
        href: node.getAttribute("href"),
        ...node.dataset,
        listed: !("unlisted" in node.dataset),
    });
    const fixed = [...list.content.querySelectorAll("[data-group] > a")].map((node) => read(node, node.parentNode.dataset.group));
    const seen = (node) => node.checkVisibility();

    // What is open now: a control that is not on the page, or already chosen, is none.
    const all = () => {
        const here = [...document.querySelectorAll("main [data-keys]")].map((node) => read(node, ""));
        return [...here, ...fixed].filter((command) => {
            const control = command.press && document.querySelector(command.press);
            return !command.press || (control && control.getAttribute("aria-pressed") !== "true");
        });
    };

    const run = (command, apart) => {
        if (command.href && apart) {
            window.open(command.node?.href || command.href, "_blank", "noopener");
        } else if (command.node) {
            command.node.click();
        } else if (command.href) {
            location.assign(command.href);
        } else if (command.press) {
            document.querySelector(command.press).click();
        } else {
            deeds[command.deed]?.();
        }
    };

    // Rows ---------------------------------------------------------------------------------------
    let row = null;
    const linkOf = (one) => one.querySelector("th a[href]") || one.querySelector("a[href]");
    const move = (step) => {
        const rows = [...document.querySelectorAll(ROWS)].filter(seen);
        const at = rows.indexOf(document.activeElement.closest(ROWS) || row);
        const next = rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)];
        if (next) {
            row = next;
            (linkOf(next) || next.querySelector("input"))?.focus({ preventScroll: true });
            next.scrollIntoView({ block: "nearest" });
        }
    };
    const current = () => document.activeElement.closest(ROWS);

    const deeds = {
        "row-next": () => move(1),
        "row-before": () => move(-1),
        "row-open": () => current() && linkOf(current())?.click(),
        "row-select": () => current()?.querySelector("input.action-select")?.click(),
        search: () => {
            const field = document.getElementById("global-search");
            field?.focus();
            field?.select();
        },
        keys: () => showKeys(),
    };

    // Keys ---------------------------------------------------------------------------------------
    let held = [];
    let forget = 0;
    const typing = (node) => Boolean(node.closest?.(FIELDS));
    const stroke = (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) {
            // In a field of a Mac, Ctrl+K deletes to the end of the line.
            const ours = event.metaKey || !(mac && typing(event.target));
            return ours && !event.altKey && !event.shiftKey ? `Mod+${event.key.toLowerCase()}` : "";
        }
        if (typing(event.target) || (event.key === "Enter" && event.target.closest("a, button, summary, input"))) {
            return "";
        }
        // With caps lock on, a letter is still that letter.
        return event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    };
    const find = (strokes) => {
        const ways = all().flatMap((command) => (command.keys || "").split(",").map((way) => [way, command]));
        const wanted = strokes.join(" ");
        return { command: ways.find(([way]) => way === wanted)?.[1], begins: ways.some(([way]) => way.startsWith(`${wanted} `)) };
    };
    document.addEventListener("keydown", (event) => {
        if (!event.key || event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) {
            return;
        }
        const pressed = stroke(event);
        if (!pressed || pressed === "Shift") {
            return;
        }
        clearTimeout(forget);
        let found = find([...held, pressed]);
        if (held.length && !found.command && !found.begins) {
            held = [];
            found = find([pressed]);
        }
        if (found.begins) {
            held = [...held, pressed];
            forget = setTimeout(() => (held = []), WAIT);
            event.preventDefault();
            return;
        }
        held = [];
        if (found.command && (!event.repeat || found.command.deed?.startsWith("row-"))) {
            event.preventDefault();
            run(found.command);
        }
    });

    // Dialogs ------------------------------------------------------------------------------------
    const make = (tag, kind, ...inside) => {
        const node = document.createElement(tag);
        node.className = kind;
        node.append(...inside);
        return node;
    };
    // How keys are written: <kbd>g</kbd><kbd>o</kbd>, "or" between two ways.
    const written = (keys, or) =>
        keys.split(",").flatMap((way, at) => [
            ...(at ? [` ${or} `] : []),
            ...way.replace("Mod+", mac ? "⌘ " : "Ctrl ").split(" ").map((text) => make("kbd", "", text)),
        ]);

    // A dialog that gives back where one was: the focus, and how far one had scrolled.
    const openDialog = (dialog) => {
        const [focused, x, y] = [document.activeElement, scrollX, scrollY];
        dialog.showModal();
        dialog.addEventListener(
            "close",
            () => {
                if (document.activeElement === document.body || dialog.contains(document.activeElement)) {
                    // A field of a closed dialog must not take the next key.
                    document.activeElement.blur();
                    focused.focus({ preventScroll: true });
                }
                scrollTo(x, y);
            },
            { once: true },
        );
    };
    document.addEventListener("click", (event) => {
        if (event.target.matches("dialog[open]")) {
            event.target.close();
        }
        const control = event.target.closest("body [data-deed], .dialog-close");
        if (control?.matches(".dialog-close")) {
            control.closest("dialog").close();
        } else if (control) {
            deeds[control.dataset.deed]?.();
        }
    });

    const sheet = document.getElementById("key-sheet");
    const showKeys = () => {
        const shown = new Map();
        for (const command of all().filter((one) => one.keys)) {
            const group = command.group || sheet.dataset.here;
            const about = command.detail ? [" ", make("small", "quiet", command.detail)] : [];
            const line = make("div", "", make("dt", "", command.label, ...about), make("dd", "", ...written(command.keys, sheet.dataset.or)));
            shown.set(group, [...(shown.get(group) || []), line]);
        }
        const body = sheet.querySelector(".sheet-body");
        body.replaceChildren(
            ...[...shown].map(([group, lines]) => make("section", "", make("h3", "", group), make("dl", "keys", ...lines))),
        );
        openDialog(sheet);
        sheet.querySelector(".dialog-close").focus();
    };

    window.backOffice = { all, run, deeds, written, make, openDialog, mac };
})();
