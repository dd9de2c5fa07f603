// A new order on one page: asks what it costs with every change, keeps itself, and is placed once.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const page = document.getElementById("new-order");
    const { desk } = window;
    const { make } = window.backOffice;
    const words = page.dataset;
    const state = JSON.parse(document.getElementById("state").textContent);
    const token = page.querySelector("[name=csrfmiddlewaretoken]").value;
    const [PAUSE, KEEP_PAUSE, TRY_AGAIN] = [140, 1500, 8000];
    const by = (id) => document.getElementById(id);
    const product = by("product");
    const place = by("place");
    // What this window is known by: its own answers may get lost, and it is not in its own way.
    const name = crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`;
    let isDirty = false;
    let isGone = false;

    // What the page says ---------------------------------------------------------------------------
    const leaveLine = () => product.focus();
    const lines = desk.orderLines({ page, changed, leave: leaveLine, customer: () => customer.number() });
    const customer = desk.orderCustomer({ page, changed, leave: leaveLine });
    const said = (more = {}) => ({
        ...desk.readFields(page),
        token: state.token,
        version: state.version,
        page: name,
        customer: customer.number(),
        lines: lines.read(),
        ship_to: desk.readAddress("ship_to"),
        bill_to: desk.readAddress("bill_to"),
        ...more,
    });
    const send = async (address, body, options = {}) => {
        const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
        const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), ...options });
        if (!answer.ok || answer.redirected) {
            throw new TypeError("no answer");
        }
        return answer.json();
    };

    // What it comes to: the last answer wins ---------------------------------------------------------
    let asked = null;
    let waiting = 0;
    const summary = by("summary");
    const figure = (one) => {
        const open = [...by("figures").querySelectorAll("details[open]")].some((known) => known.dataset.label === one.label);
        const node = make("details", "figure", make("summary", "", make("span", "", one.label), make("span", "", one.value)), make("ul", "plain"));
        node.dataset.label = one.label;
        node.open = open;
        desk.tellReasons(node.querySelector("ul"), one.why);
        return node;
    };
    const tell = (told) => {
        const way = by("shipping_method").value;
        desk.fillSelect(by("shipping_method"), told.methods);
        by("unfit").replaceChildren(...told.unfit.map((why) => make("li", "", why)));
        desk.fillSelect(by("payment_terms"), told.terms);
        lines.tell(told.lines);
        by("figures").replaceChildren(...told.figures.map(figure));
        by("total").textContent = told.total || "–";
        by("promise").textContent = told.promise?.text || by("promise").dataset.none;
        desk.tellReasons(by("promise-why"), told.promise?.why || []);
        by("checks").replaceChildren(...told.checks.map((check) => make("li", check.tone, desk.icon(`tone-${check.tone}`), make("span", "", check.text))));
        showFaults(told.faults);
        // What cannot carry the goods is gone from the list: another was chosen, at another price.
        if (told.methods.length && by("shipping_method").value !== way) {
            quote();
        }
    };
    const quote = async () => {
        clearTimeout(waiting);
        asked?.abort();
        const mine = (asked = new AbortController());
        summary.setAttribute("aria-busy", "true");
        try {
            const told = await send(words.quote, said(), { signal: mine.signal });
            if (asked === mine) {
                tell(told);
            }
        } catch (error) {
            if (error.name !== "AbortError") {
                by("kept").textContent = words.offline;
                waiting = setTimeout(quote, TRY_AGAIN);
            }
        } finally {
            if (asked === mine) {
                summary.removeAttribute("aria-busy");
            }
        }
    };

    // It keeps itself: one after the other, never two at once ----------------------------------------
    let turn = Promise.resolve();
    let keeping = 0;
    const isWorthKeeping = () => Boolean(customer.number() || lines.count() || state.number);
    const inTurn = (work) => (turn = turn.then(work, work));
    const keep = (aside) =>
        inTurn(async () => {
            if (isGone || !isWorthKeeping() || (!isDirty && !aside)) {
                return;
            }
            isDirty = false;
            try {
                const answer = await send(words.keep, said({ aside }));
                if (!isRefused(answer)) {
                    Object.assign(state, { number: answer.number, version: answer.version });
                    history.replaceState(null, "", answer.at);
                    by("kept").textContent = words.kept.replace("#", answer.number);
                    if (answer.url) {
                        goTo(answer.url);
                    }
                }
            } catch {
                isDirty = true;
                by("kept").textContent = words.offline;
                keeping = setTimeout(keep, TRY_AGAIN);
            }
        });
    function changed(atOnce) {
        isDirty = true;
        clearTimeout(keeping);
        keeping = setTimeout(keep, KEEP_PAUSE);
        clearTimeout(waiting);
        waiting = setTimeout(quote, atOnce ? 0 : PAUSE);
    }
    const goTo = (url) => {
        isGone = true;
        location.assign(url);
    };
    addEventListener("pagehide", () => {
        if (isDirty && !isGone && isWorthKeeping()) {
            // The page may be gone before the answer; what was typed is not.
            send(words.keep, said(), { keepalive: true }).catch(() => {});
        }
    });
    addEventListener("pageshow", (event) => event.persisted && location.reload());

    // What is wrong, and who was faster --------------------------------------------------------------
    const refused = by("refused");
    const showFaults = (faults, { focus = false } = {}) => {
        desk.clearFaults(page);
        refused.classList.add("hidden");
        let first = null;
        for (const fault of faults) {
            const [, name, at] = fault.pointer.split("/");
            const field = name && desk.fieldOf(page, fault.pointer);
            const control = name === "lines" && at ? lines.showFault(at, fault) : field ? desk.showFault(field, fault.text) : null;
            if (!control) {
                refused.querySelector("span").textContent = fault.text;
                refused.classList.remove("hidden");
            }
            first ||= control || refused;
        }
        if (focus) {
            first?.focus();
        }
    };
    // Whether the answer says that this draft is another one by now; both are shown.
    const isRefused = ({ done, overtaken }) => {
        if (done) {
            isGone = true;
            const link = Object.assign(make("a", "", done.text), { href: done.url });
            refused.querySelector("span").replaceChildren(link);
            refused.classList.remove("hidden");
            refused.focus();
        } else if (overtaken) {
            by("overtaken-by").textContent = words.by.replace("#", overtaken.by.replace(/^\w+:/, ""));
            const cell = (text) => make("td", "", text || "–");
            const rows = overtaken.rows.map((row) => make("tr", "", make("th", "", row.label), cell(row.mine), cell(row.theirs)));
            by("overtaken").querySelector("tbody").replaceChildren(...rows);
            by("take-theirs").href = overtaken.url;
            by("keep-mine").onclick = () => {
                state.version = overtaken.version;
                isDirty = true;
                by("overtaken").classList.add("hidden");
                keep();
            };
            clearTimeout(keeping);
            by("overtaken").classList.remove("hidden");
            by("overtaken").focus();
        }
        return Boolean(done || overtaken);
    };
    by("take-theirs").addEventListener("click", () => (isGone = true));

    // Placed, or offered: a second press waits for the first ------------------------------------------
    let isBusy = false;
    const decide = (address, more) => () => {
        if (isBusy || isGone) {
            return;
        }
        isBusy = true;
        clearTimeout(keeping);
        const buttons = [place, by("pay-link"), by("offer"), by("park")];
        buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
        inTurn(async () => {
            try {
                const answer = await send(address, said(more()));
                if (answer.url) {
                    goTo(answer.url);
                } else if (!isRefused(answer)) {
                    await quote();
                    showFaults(answer.faults, { focus: true });
                }
            } catch {
                showFaults([{ pointer: "/", text: words.offline }], { focus: true });
            } finally {
                isBusy = false;
                buttons.forEach((button) => button.removeAttribute("aria-disabled"));
            }
        });
    };
    place.addEventListener("click", decide(words.place, () => ({})));
    by("pay-link").addEventListener("click", decide(words.place, () => ({ pay_link: true })));
    by("offer").addEventListener("click", decide(words.offer, () => ({ valid_until: by("valid_until").value, deposit: by("deposit").value })));
    by("park").addEventListener("click", () => {
        if (!isBusy) {
            isWorthKeeping() ? keep(true) : showFaults([{ pointer: "/customer", text: by("promise").dataset.none }], { focus: true });
        }
    });

    // The beginning ----------------------------------------------------------------------------------
    by("promise").dataset.none = by("promise").textContent;
    desk.typeahead(product, {
        take: (hit) => lines.add(hit),
        draw: desk.drawProduct,
        query: () => ({ channel: by("channel").value, customer: customer.number() }),
        empty: () => place.focus(),
    });
    for (const control of page.querySelectorAll("[data-name], [data-address], [data-part]")) {
        control.addEventListener(control.matches("select, [type=checkbox], [type=date]") ? "change" : "input", () => {
            if (control.dataset.address) {
                desk.showTyped(control.dataset.address);
            }
            changed();
        });
    }
    const typed = state.typed;
    customer.show(state.card);
    desk.writeFields(page, typed);
    lines.fill(typed.lines || []);
    ["ship_to", "bill_to"].forEach((name) => desk.writeAddress(name, typed[name]));
    if (state.card && !typed.payment_terms) {
        by("payment_terms").value = state.card.terms;
    }
    if (lines.count() || state.card) {
        quote();
    }
    state.card ? product.focus() : customer.focus();
});
