// Steps and related records beside the page: a drawer over the same addresses, which are pages without this script.
"use strict";
(() => {
    const drawer = document.getElementById("aside");
    const office = window.backOffice;
    if (!drawer || !office) {
        return;
    }
    const body = drawer.querySelector(".aside-body");
    const ASIDE = { "X-Aside": "1" };
    const WRONG = ".errors :is(input:not([type=hidden]), select, textarea), .callout[role=alert]";
    const FIELD = ":is(input, select, textarea):not([type=hidden], [disabled])";
    const SAID_FOR = 8000;
    let address = "";
    let asked = 0;

    // Showing --------------------------------------------------------------------------------------
    const load = async (script) => {
        if (document.querySelector(`script[src="${script}"]`)) {
            return;
        }
        await new Promise((done) => {
            const node = office.make("script", "");
            node.src = script;
            node.onload = node.onerror = done;
            document.head.append(node);
        });
    };
    const show = async (html, url) => {
        const page = new DOMParser().parseFromString(html, "text/html");
        const head = page.querySelector("template[data-head]");
        for (const script of head?.content.querySelectorAll("script[src]") ?? []) {
            await load(script.getAttribute("src"));
        }
        head?.remove();
        address = url;
        body.replaceChildren(...page.body.childNodes);
        body.scrollTop = 0;
        const title = body.querySelector("h1");
        drawer.querySelector(".aside-full").href = url;
        drawer.setAttribute("aria-label", title?.textContent.trim() ?? "");
        office.dress(body);
        document.dispatchEvent(new CustomEvent("aside:shown"));
        if (!drawer.open) {
            office.openDialog(drawer);
        }
        const first = body.querySelector(WRONG) || body.querySelector(`form ${FIELD}`) || title;
        if (first) {
            first.matches(FIELD) || (first.tabIndex = -1);
            first.focus();
        }
    };
    const open = async (link) => {
        const mine = ++asked;
        const url = new URL(link.href);
        url.hash = "";
        const menu = link.closest("details.menu[open]");
        link.setAttribute("aria-busy", "true");
        try {
            const answer = await fetch(url, { headers: ASIDE });
            const html = await answer.text();
            if (mine !== asked) {
                return;
            }
            if (answer.redirected || !(answer.ok || answer.status === 409)) {
                location.assign(link.href);
                return;
            }
            if (menu) {
                menu.open = false;
                menu.querySelector("summary").focus();
            }
            await show(html, url.href);
        } catch {
            location.assign(link.href);
        } finally {
            link.removeAttribute("aria-busy");
        }
    };

    // Sending --------------------------------------------------------------------------------------
    const complain = (form, text) => {
        form.querySelector(".callout.lost")?.remove();
        const note = office.make("div", "callout bad lost", text);
        note.setAttribute("role", "alert");
        form.prepend(note);
    };
    const send = async (form, submitter) => {
        const url = new URL(form.getAttribute("action") || (drawer.contains(form) ? address : location.href), location.href);
        const busy = setTimeout(() => form.classList.add("busy"), 150);
        form.dataset.sent = "1";
        try {
            const answer = await fetch(url, { method: "POST", headers: ASIDE, body: new FormData(form, submitter) });
            const goal = answer.headers.get("X-Go-To");
            if (goal) {
                await arrive(new URL(goal, location.href), form);
            } else if (answer.redirected || answer.status === 401 || answer.status === 403) {
                complain(form, answer.redirected ? drawer.dataset.out : drawer.dataset.refused);
            } else {
                await show(await answer.text(), url.href);
            }
        } catch {
            complain(form, drawer.dataset.lost);
        } finally {
            clearTimeout(busy);
            form.classList.remove("busy");
            delete form.dataset.sent;
        }
    };
    const arrive = async (goal, form) => {
        office.noteWriting();
        form.reset();
        if (goal.pathname !== location.pathname) {
            location.assign(goal);
            return;
        }
        if (drawer.open) {
            drawer.close();
        }
        await office.refresh();
    };
    // What was done is said over the page, so that nothing on it moves.
    const said = document.getElementById("said");
    let hush = 0;
    const say = (page) => {
        const words = [...page.querySelectorAll(".messages li")].map((message) => message.textContent.trim());
        page.querySelector("[role=status]:has(> .messages)")?.remove();
        said.textContent = words.join(" ");
        clearTimeout(hush);
        hush = setTimeout(() => (said.textContent = ""), SAID_FOR);
    };

    const drawn = (root) => {
        document.dispatchEvent(new CustomEvent("page:drawn"));
        office.dress(root);
    };

    // What is on the page is drawn anew, in its place: what is typed, open or focused stays.
    const TYPED = ":is(textarea, input:not([type=hidden], [type=submit], [type=button]))[id]";
    const isTyped = (field) => (/^(checkbox|radio)$/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
    const place = (node) => node.id && `#${CSS.escape(node.id)}`;
    const refresh = async () => {
        const answer = await fetch(location.href.split("#")[0]);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("main");
        const main = document.querySelector("main");
        if (!answer.ok || answer.redirected || !fresh) {
            location.reload();
            return;
        }
        const typed = [...main.querySelectorAll(TYPED)].filter(isTyped).map((field) => [place(field), field]);
        const active = document.activeElement;
        const again = main.contains(active) && (place(active) || (active.href && `a[href="${CSS.escape(active.getAttribute("href"))}"]`));
        say(fresh);
        document.title = page.title;
        main.replaceChildren(...fresh.childNodes);
        for (const [where, old] of typed) {
            const field = main.querySelector(where);
            if (field?.type === "file") {
                field.files = old.files;
            } else if (field) {
                field.value = old.value;
                field.checked = old.checked;
            }
        }
        drawn(main);
        if (again !== false) {
            (main.querySelector(again || null) || main).focus({ preventScroll: true });
        }
    };
    office.refresh = refresh;

    // One part of the page is read anew (data-swap), or goes on (data-more): its address is that of a whole page.
    const turn = async (link, isMore) => {
        const id = link.dataset.swap || link.dataset.more;
        link.setAttribute("aria-busy", "true");
        try {
            const answer = await fetch(link.href);
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
            if (isMore) {
                const rows = [...fresh.querySelectorAll(".timeline > li")];
                old.querySelector(".timeline").append(...rows);
                const next = fresh.querySelector("[data-more]");
                const first = rows[0];
                link.closest("p").replaceWith(...(next ? [next.closest("p")] : []));
                first.tabIndex = -1;
                first.focus({ preventScroll: true });
            } else {
                const typed = old.querySelector("textarea")?.value;
                old.replaceWith(fresh);
                if (typed) {
                    fresh.querySelector("textarea").value = typed;
                }
                history.replaceState(history.state, "", link.href.split("#")[0]);
                const here = fresh.querySelector(`[href="${CSS.escape(link.getAttribute("href"))}"]`) || fresh.querySelector("h2");
                here.matches("a") || (here.tabIndex = -1);
                here.focus({ preventScroll: true });
            }
            drawn(document.getElementById(id));
        } catch {
            location.assign(link.href);
        } finally {
            link.removeAttribute("aria-busy");
        }
    };

    // What starts it -------------------------------------------------------------------------------
    document.addEventListener("click", (event) => {
        const link = event.target.closest("a");
        const apart = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
        if (!link || apart || event.defaultPrevented) {
            return;
        }
        const inPlace = link.getAttribute("href")?.startsWith("#");
        if (link.matches("[data-aside-close]") && drawer.contains(link)) {
            event.preventDefault();
            drawer.close();
        } else if (link.matches("[data-aside]") && !inPlace) {
            event.preventDefault();
            open(link);
        } else if (link.matches("[data-swap], [data-more]")) {
            event.preventDefault();
            turn(link, link.matches("[data-more]"));
        }
    });
    document.addEventListener("submit", (event) => {
        const form = event.target;
        // Not form.method: that is the field, where a form has one of this name.
        if (form.getAttribute("method") !== "post" || !(drawer.contains(form) || form.matches("[data-aside]")) || event.defaultPrevented) {
            return;
        }
        event.preventDefault();
        if (!form.dataset.sent) {
            send(form, event.submitter);
        }
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea") && event.target.form) {
            event.preventDefault();
            event.target.form.requestSubmit();
        }
    });
    drawer.addEventListener("close", () => {
        asked += 1;
        body.replaceChildren();
    });
})();
