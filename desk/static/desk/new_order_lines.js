// The lines of a new order: what is wanted, what it costs, when it comes, and what to do where too little is there.
"use strict";
(() => {
    const desk = (window.desk ||= {});
    const { make } = window.backOffice;

    desk.orderLines = ({ page, changed, leave, customer }) => {
        const list = document.getElementById("lines");
        const words = page.dataset;
        let counted = 0;
        const rows = () => [...list.children];
        const part = (row, name) => row.querySelector(`.${name}`);

        const field = (kind, label, id, mode) => {
            const input = Object.assign(document.createElement("input"), { type: "text", inputMode: mode, className: kind, id, autocomplete: "off" });
            input.setAttribute("aria-label", label);
            input.addEventListener("input", () => changed());
            return input;
        };
        const picture = (src) => (src ? Object.assign(document.createElement("img"), { src, alt: "", width: 40, height: 40 }) : make("span", "no-picture"));

        const draw = (line) => {
            const id = `line-${(counted += 1)}`;
            const name = line.label || line.name || line.sku;
            const quantity = field("quantity", words.quantity.replace("#", name), `${id}-quantity`, "numeric");
            quantity.value = line.quantity || "1";
            quantity.addEventListener("keydown", (event) => {
                if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
                    event.preventDefault();
                    leave();
                }
            });
            const price = make("span", "line-price", line.price && !line.isTyped ? line.price : "");
            if (words.mayPrice) {
                const input = field("price", words.price.replace("#", name), `${id}-price`, "decimal");
                input.value = line.isTyped ? line.price || "" : "";
                input.placeholder = line.isTyped ? "" : line.price || "";
                price.replaceChildren(input);
            }
            const remove = make("button", "icon-button", desk.icon("close"));
            remove.type = "button";
            remove.setAttribute("aria-label", words.remove.replace("#", name));
            remove.addEventListener("click", () => {
                row.remove();
                leave();
                changed(true);
            });
            const why = make("details", "hidden", make("summary", "", words.priceLabel), make("ul", "plain"));
            const more = make("div", "line-more", make("span", "stock"), make("span", "day"), why, make("ul", "errorlist"));
            const label = make("span", "line-name", make("b", "", name), make("small", "", line.sku));
            const row = make("li", "order-line", picture(line.image), label, quantity, price, make("span", "line-total"), remove, more);
            row.dataset.sku = line.sku;
            row.dataset.wait = line.wait || "";
            list.append(row);
            return row;
        };

        const add = (line) => {
            const known = rows().find((row) => row.dataset.sku === line.sku);
            if (known) {
                const quantity = part(known, "quantity");
                quantity.value = String((Number.parseInt(quantity.value, 10) || 0) + 1);
            }
            const row = known || draw(line);
            changed(true);
            const quantity = part(row, "quantity");
            quantity.focus();
            quantity.select();
        };

        // What to do about units that are missing: one press each.
        const offer = (text, act, pressed) => {
            const button = make("button", "button", text);
            button.type = "button";
            button.setAttribute("aria-pressed", String(Boolean(pressed)));
            button.addEventListener("click", act);
            return button;
        };
        const decide = (row, wait) => () => {
            row.dataset.wait = row.dataset.wait === wait ? "" : wait;
            changed(true);
            leave();
        };
        const instead = async (row, box) => {
            const query = new URLSearchParams({ sku: row.dataset.sku, quantity: part(row, "quantity").value, channel: document.getElementById("channel").value, customer: customer() });
            const answer = await fetch(`${words.substitutes}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
            if (!answer?.ok || answer.redirected || !box.isConnected) {
                return;
            }
            for (const hit of (await answer.json()).hits) {
                const button = offer(words.instead.replace("#", hit.label).replace("@", hit.stock), () => {
                    const fresh = draw({ ...hit, quantity: part(row, "quantity").value });
                    row.replaceWith(fresh);
                    changed(true);
                    leave();
                });
                button.removeAttribute("aria-pressed");
                box.append(button);
            }
        };
        const tellShortage = (row, short) => {
            const told = JSON.stringify(short && [short, row.dataset.wait]);
            if (row.dataset.short === told) {
                return;
            }
            const focused = row.querySelector(".shortage :focus");
            row.dataset.short = told;
            row.querySelector(".shortage")?.remove();
            if (short) {
                const { wait } = row.dataset;
                const box = make("div", "shortage", make("b", "", short.text));
                box.setAttribute("role", "group");
                box.setAttribute("aria-label", short.text);
                const fewer = () => {
                    part(row, "quantity").value = String(short.there);
                    row.dataset.wait = "";
                    changed(true);
                    leave();
                };
                box.append(
                    ...(short.split ? [offer(short.split, decide(row, "split"), wait === "split" || (short.decided && !wait))] : []),
                    offer(short.together, decide(row, "together"), wait === "together"),
                    ...(short.fewer ? [offer(short.fewer, fewer)] : []),
                );
                row.append(box);
                if (!wait) {
                    instead(row, box);
                }
                if (focused) {
                    box.querySelector("button").focus();
                }
            }
        };
        // The answer to the last change, line by line; a line that could not be priced keeps what it said.
        const tell = (told) => {
            rows().forEach((row, at) => {
                const line = told[at];
                row.classList.toggle("unpriced", !line);
                if (!line || line.sku !== row.dataset.sku) {
                    part(row, "line-total").textContent = "";
                    return;
                }
                const input = part(row, "price");
                if (input) {
                    input.placeholder = input.value ? "" : line.price;
                } else {
                    part(row, "line-price").textContent = line.price;
                }
                row.querySelector(".line-name b").textContent = line.name;
                if (line.image && part(row, "no-picture")) {
                    part(row, "no-picture").replaceWith(picture(line.image));
                }
                part(row, "line-total").textContent = line.total;
                const stock = part(row, "stock");
                stock.className = `stock ${line.tone}`;
                stock.textContent = line.stock;
                part(row, "day").textContent = line.day;
                const why = row.querySelector("details");
                why.classList.remove("hidden");
                desk.tellReasons(why.querySelector("ul"), line.why);
                tellShortage(row, line.shortage);
            });
        };
        const read = () =>
            rows().map((row) => ({ sku: row.dataset.sku, quantity: part(row, "quantity").value.trim(), price: part(row, "price")?.value.trim() || "", wait: row.dataset.wait }));
        const showFault = (at, fault) => {
            const row = rows()[at];
            if (!row) {
                return null;
            }
            const control = desk.showFault(row, fault.text);
            return row.querySelector(".shortage button") || (fault.pointer.endsWith("/price") && part(row, "price")) || control;
        };
        const fill = (lines) => lines.forEach((line) => draw({ ...line, isTyped: true }));
        return { add, fill, read, tell, showFault, count: () => list.children.length };
    };
})();
