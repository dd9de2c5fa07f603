// The counter: every scan is answered by the server with the whole basket; what is typed meanwhile is not lost.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("counter");
    if (!form) {
        return;
    }
    const state = JSON.parse(document.getElementById("counter-state").textContent);
    const by = (id) => document.getElementById(id);
    const [scan, said, quietly, body] = [by("scan"), by("scan-said"), by("scan-quietly"), by("basket")];
    const field = (name) => form.elements[name];
    // Browsers know the decimals of cash; we keep those of the books.
    const [minimumFractionDigits, maximumFractionDigits] = [state.digits, state.digits];
    const money = new Intl.NumberFormat(state.locale, {
        style: "currency", currency: state.currency, minimumFractionDigits, maximumFractionDigits,
    });
    const plain = (amount) => amount.toLocaleString(state.locale, { minimumFractionDigits: state.digits, useGrouping: false });
    const fine = matchMedia("(pointer: fine)").matches;

    let lines = state.lines; // [{ sku, quantity }]: what lies there, as far as we know
    let answer = null;
    let codes = []; // scanned, and not answered yet
    let edits = 0; // counts what people changed, to see whether an answer is about the present
    let busy = false;
    let waiting = null; // what somebody wants done as soon as the scan that is on its way is answered

    const { beep, alarm, calm } = window.scanner(scan, said);

    // Asking ------------------------------------------------------------------------------------
    const ask = async () => {
        if (busy) {
            return;
        }
        busy = true;
        const [sent, before] = [codes, edits];
        codes = [];
        let told = null;
        try {
            const reply = await fetch(form.dataset.basket, {
                method: "POST",
                headers: { "Content-Type": "application/json", "X-CSRFToken": field("csrfmiddlewaretoken").value },
                body: JSON.stringify({ lines, codes: sent, discount: field("discount")?.value || "", customer: field("customer").value }),
            });
            told = await reply.json();
            if (!reply.ok) {
                refuse(told.error);
                told = null;
            }
        } catch {
            alarm(form.dataset.offline);
        }
        busy = false;
        if (told) {
            heard(told, before);
        }
        if (told && (codes.length || before !== edits)) {
            ask();
        } else if (waiting) {
            const deed = waiting;
            waiting = null;
            if (told) {
                deed();
            }
        }
    };
    const refuse = (text) => {
        const place = by("discount-error");
        if (place && field("discount").value) {
            place.textContent = text;
            field("discount").closest(".field").classList.add("errors");
        } else {
            alarm(text);
        }
    };
    const heard = (told, before) => {
        if (before === edits) {
            lines = told.lines.map(({ sku, quantity }) => ({ sku, quantity }));
        } else {
            for (const [sku, units] of Object.entries(told.added)) {
                put(sku, units);
            }
        }
        answer = told;
        if (by("discount-error")) {
            by("discount-error").textContent = "";
            field("discount").closest(".field").classList.remove("errors");
        }
        show();
        if (told.unknown.length) {
            alarm(form.dataset.unknown.replace("#", told.unknown.join(", ")));
        } else if (told.fault) {
            alarm(told.fault);
        } else if (Object.keys(told.added).length) {
            calm();
            beep(1180, 0.05);
            const named = told.lines.filter(({ sku }) => sku in told.added).map(({ name }) => name);
            quietly.textContent = form.dataset.added.replace("#", named.join(", "));
        }
    };
    const put = (sku, units) => {
        const line = lines.find((one) => one.sku === sku);
        if (line) {
            line.quantity += units;
        } else {
            lines.push({ sku, quantity: units });
        }
    };
    const change = (sku, quantity) => {
        lines = lines.map((one) => (one.sku === sku ? { sku, quantity } : one)).filter((one) => one.quantity > 0);
        edits += 1;
        calm();
        ask();
    };

    // Showing -----------------------------------------------------------------------------------
    const rows = new Map();
    const make = (sku) => {
        const row = by("basket-row").content.firstElementChild.cloneNode(true);
        const quantity = () => lines.find((one) => one.sku === sku)?.quantity || 0;
        const on = (name, deed) =>
            row.querySelector(name).addEventListener("click", (event) => {
                deed();
                // A pointer goes back to scanning; a keyboard stays where it is. A tap must not call the keyboard up.
                if (fine && event.detail > 0) {
                    scan.focus();
                }
            });
        on(".row-less", () => change(sku, quantity() - 1));
        on(".row-more", () => change(sku, quantity() + 1));
        on(".row-out", () => change(sku, 0));
        on(".row-fewer", () => change(sku, Number(row.querySelector(".row-fewer").dataset.to)));
        const typed = row.querySelector(".row-quantity");
        typed.addEventListener("focus", () => typed.select());
        typed.addEventListener("change", () => {
            const units = Number(typed.value.trim());
            if (Number.isInteger(units) && units >= 0 && units <= 100000 && typed.value.trim()) {
                change(sku, units);
            } else {
                typed.value = quantity();
            }
        });
        typed.addEventListener("keydown", (event) => {
            if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
                event.preventDefault();
                typed.dispatchEvent(new Event("change"));
                scan.focus();
            }
        });
        return row;
    };
    const name = (row, line) => {
        for (const button of row.querySelectorAll("[aria-label]")) {
            button.dataset.label ||= button.getAttribute("aria-label");
            button.setAttribute("aria-label", `${button.dataset.label}: ${line.name}`);
        }
    };
    const show = () => {
        const known = new Set(answer.lines.map(({ sku }) => sku));
        for (const [sku, row] of rows) {
            if (!known.has(sku)) {
                if (row.contains(document.activeElement)) {
                    scan.focus();
                }
                row.remove();
                rows.delete(sku);
            }
        }
        for (const line of answer.lines) {
            const row = rows.get(line.sku) || make(line.sku);
            if (!rows.has(line.sku)) {
                rows.set(line.sku, row);
                body.append(row);
                name(row, line);
            }
            row.querySelector(".row-name").textContent = line.name;
            row.querySelector(".row-sku").textContent = line.sku;
            row.querySelector(".row-price").textContent = line.price;
            row.querySelector(".row-total").textContent = line.total;
            const typed = row.querySelector(".row-quantity");
            if (document.activeElement !== typed || typed.value === typed.dataset.was) {
                typed.value = line.quantity;
            }
            typed.dataset.was = String(line.quantity);
            const [fewer, later] = [row.querySelector(".row-fewer"), row.querySelector(".row-later")];
            row.classList.toggle("wrong", Boolean(line.short || line.fault));
            row.querySelector(".row-problem > span").textContent = line.short || line.fault;
            fewer.textContent = line.fewer;
            fewer.dataset.to = line.shelf || 0;
            fewer.classList.toggle("hidden", !line.short);
            later.classList.toggle("hidden", !line.later);
            later.href = line.later || "#";
            if (line.sku in answer.added) {
                row.classList.remove("fresh");
                void row.offsetWidth;
                row.classList.add("fresh");
                row.scrollIntoView({ block: "nearest" });
            }
        }
        by("basket-empty").classList.toggle("hidden", answer.lines.length > 0);
        by("sums").replaceChildren(
            ...answer.sums.flatMap(([label, text]) => {
                const [term, value] = [document.createElement("dt"), document.createElement("dd")];
                [term.textContent, value.textContent] = [label, text];
                return [term, value];
            }),
        );
        by("total").textContent = answer.lines.length ? answer.total_text : "–";
        by("go-total").textContent = answer.lines.length ? answer.total_text : "";
        by("handy").replaceChildren(
            ...answer.cash.map(([amount, text]) => {
                const button = document.createElement("button");
                [button.type, button.className, button.textContent] = ["button", "button", text];
                button.addEventListener("click", () => {
                    field("given").value = plain(Number(amount));
                    count();
                });
                return button;
            }),
        );
        count();
    };
    // What goes back over the counter; the server counts again.
    const number = (text) => {
        const bare = text.replace(/[\s'’\u00a0\u202f]/g, "");
        const last = Math.max(bare.lastIndexOf(","), bare.lastIndexOf("."));
        const whole = last < 0 ? bare : bare.slice(0, last).replace(/[.,]/g, "");
        return Number(last < 0 ? whole : `${whole}.${bare.slice(last + 1)}`);
    };
    const count = () => {
        const shown = by("change");
        const given = number(field("given").value);
        shown.classList.remove("problem");
        if (!field("given").value.trim() || !answer?.lines.length || !Number.isFinite(given)) {
            shown.textContent = "–";
            return;
        }
        const unit = 10 ** state.digits;
        const back = (Math.round(given * unit) - Math.round(Number(answer.total) * unit)) / unit;
        shown.textContent = back < 0 ? `${money.format(-back)} ${form.dataset.missing}` : money.format(back);
        shown.classList.toggle("problem", back < 0);
    };

    // Scanning ----------------------------------------------------------------------------------
    const take = () => {
        const code = scan.value.trim();
        scan.value = "";
        if (code) {
            codes.push(code);
            ask();
        } else if (lines.length) {
            const next = field("method").value === "cash" ? field("given") : field("reference");
            next.focus();
            next.select();
        }
    };
    scan.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
            event.preventDefault();
            take();
        }
    });
    scan.addEventListener("input", () => scan.value && calm());
    by("scan-add").addEventListener("click", () => {
        take();
        scan.focus();
    });
    field("discount")?.addEventListener("change", () => {
        edits += 1;
        ask();
    });
    field("discount")?.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            edits += 1;
            ask();
            field("given").focus();
        }
    });
    field("given").addEventListener("input", count);
    const way = () => form.classList.toggle("by-card", field("method").value !== "cash");
    for (const radio of field("method")) {
        radio.addEventListener("change", way);
    }

    // By name, and for whom --------------------------------------------------------------------
    if (by("find")) {
        window.desk.typeahead(by("find"), {
            take: (hit) => {
                codes.push(hit.sku);
                ask();
            },
            draw: window.desk.drawProduct,
            query: () => ({ channel: state.channel }),
        });
    }
    if (by("buyer-find")) {
        const box = by("buyer");
        const buyer = (number, label) => {
            [field("customer").value, field("customer_label").value] = [number, label];
            by("buyer-shown").textContent = label || box.dataset.nobody;
            box.classList.toggle("known", Boolean(number));
            by("buyer-nobody").classList.toggle("hidden", !number);
        };
        window.desk.typeahead(by("buyer-find"), {
            take: (hit) => {
                buyer(hit.number, hit.label);
                box.open = false;
                scan.focus();
            },
            draw: window.desk.drawCustomer,
        });
        by("buyer-nobody").addEventListener("click", () => {
            buyer("", "");
            by("buyer-find").focus();
        });
        box.addEventListener("toggle", () => box.open && !field("customer").value && by("buyer-find").focus());
        buyer(field("customer").value, field("customer_label").value);
    }

    // Handing over ------------------------------------------------------------------------------
    form.addEventListener("submit", (event) => {
        if (busy || codes.length) {
            waiting = () => form.requestSubmit();
        } else if (!lines.length) {
            alarm(form.dataset.empty);
            scan.focus();
        } else if (answer && !answer.sellable) {
            alarm(answer.fault || form.dataset.short);
            (body.querySelector(".wrong .row-fewer:not(.hidden)") || scan).focus();
        } else {
            field("lines").value = JSON.stringify(lines);
            field("total").value = answer?.total ?? "";
            return;
        }
        event.preventDefault();
    });

    // Setting aside: what lies here waits, and another sale is taken up if one is named -------------
    let leaving = false;
    const park = (then) => {
        if (leaving) {
            return;
        }
        if (busy || codes.length) {
            waiting = () => park(then);
        } else if (!lines.length && then) {
            location.assign(`?take=${then}`);
        } else if (!lines.length) {
            const other = document.querySelector(".parked-sale");
            if (!other) {
                alarm(form.dataset.nothing);
            }
            (other || scan).focus();
        } else {
            leaving = true;
            [field("lines").value, field("then").value] = [JSON.stringify(lines), then];
            form.action = form.dataset.park;
            form.submit();
        }
    };
    by("park").addEventListener("click", () => park(""));
    for (const link of document.querySelectorAll(".parked-sale")) {
        link.addEventListener("click", (event) => {
            if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
                event.preventDefault();
                park(link.dataset.number);
            }
        });
    }
    window.addEventListener("pageshow", (event) => {
        // A page that comes back from memory may be about a sale that is done.
        if (event.persisted) {
            location.reload();
        }
    });

    way();
    if (lines.length) {
        ask();
    }
});
