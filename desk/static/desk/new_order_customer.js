// Who buys: found, shown with what one wants to know on the phone, or written down as somebody new.
"use strict";
(() => {
    const desk = (window.desk ||= {});
    const { make } = window.backOffice;

    desk.orderCustomer = ({ page, changed, leave }) => {
        const words = page.dataset;
        const input = document.getElementById("customer");
        const field = document.getElementById("customer-field");
        const card = document.getElementById("customer-card");
        const form = document.getElementById("new-customer");
        let chosen = "";

        // Their sites, and whatever else may be typed.
        const fillSites = (found) => {
            const sites = found?.sites || [];
            const typed = { code: "typed", label: words.typed };
            if (!found) {
                ["ship_to", "bill_to"].forEach((name) => desk.fillSelect(document.getElementById(name), [{ code: "", label: words.usual }, typed], ""));
                ["ship_to", "bill_to"].forEach(desk.showTyped);
                return;
            }
            const as = (one) => ({ code: one.id, label: one.label });
            const ship = sites.filter((one) => one.ship).map(as);
            const shipTo = ship.length ? ship : sites.map(as);
            desk.fillSelect(document.getElementById("ship_to"), [...shipTo, typed], shipTo[0]?.code || "typed");
            const bill = sites.filter((one) => one.bill).map(as);
            desk.fillSelect(document.getElementById("bill_to"), [{ code: "same", label: words.same }, ...bill, typed], bill[0]?.code || "same");
            ["ship_to", "bill_to"].forEach(desk.showTyped);
        };
        const show = (found) => {
            chosen = found?.number || "";
            field.classList.toggle("hidden", Boolean(found));
            card.classList.toggle("hidden", !found);
            form?.classList.add("hidden");
            fillSites(found);
            if (!found) {
                return;
            }
            const name = found.url ? Object.assign(make("a", "", found.label), { href: found.url, target: "_blank", rel: "noopener" }) : found.label;
            const change = make("button", "button quiet-button", desk.icon("pen"), document.querySelector("#customer-field").dataset.change);
            change.type = "button";
            change.addEventListener("click", () => {
                show(null);
                changed();
                input.focus();
            });
            const about = make("div", "", make("b", "", name), make("p", "", found.detail), make("p", "", found.notes.join(" · ")));
            if (found.remark) {
                about.append(make("p", "remark", found.remark));
            }
            card.replaceChildren(about, change);
        };
        const choose = (found) => {
            show(found);
            const terms = document.getElementById("payment_terms");
            desk.fillSelect(terms, [{ code: found.terms, label: found.notes[0] }], found.terms);
            desk.clearFaults(document.getElementById("customer-panel"));
            changed(true);
            leave();
        };
        const fetchCard = async (hit) => {
            const address = words.card.replace("C-0", encodeURIComponent(hit.number));
            const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
            if (answer?.ok && !answer.redirected) {
                choose(await answer.json());
            } else {
                desk.showFault(document.getElementById("customer-panel"), words.offline);
            }
        };

        // Somebody new ---------------------------------------------------------------------------
        const openForm = (typed) => {
            form.classList.remove("hidden");
            field.classList.add("hidden");
            const into = typed.includes("@") ? "email" : /^[\d\s()+/.-]+$/.test(typed) ? "phone" : "name";
            form.elements[into].value = typed;
            form.elements[into === "name" ? "email" : "name"].focus();
        };
        const known = document.getElementById("known-customer");
        form?.addEventListener("submit", async (event) => {
            event.preventDefault();
            if (form.classList.contains("busy")) {
                return;
            }
            form.classList.add("busy");
            try {
                const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
                const told = answer.ok && !answer.redirected ? await answer.json() : { faults: [{ pointer: "/name", text: words.offline }] };
                desk.clearFaults(form);
                known.classList.toggle("hidden", !told.known);
                if (told.card) {
                    form.reset();
                    choose(told.card);
                    return;
                }
                const controls = told.faults.map((fault) => desk.showFault(desk.fieldOf(form, fault.pointer) || form, fault.text));
                controls.find(Boolean)?.focus();
                if (told.known) {
                    known.textContent = words.take.replace("#", told.known.label);
                    known.onclick = () => choose(told.known);
                }
            } catch {
                desk.showFault(form.querySelector(".field"), words.offline);
            } finally {
                form.classList.remove("busy");
            }
        });
        document.getElementById("no-new-customer")?.addEventListener("click", () => {
            show(null);
            input.focus();
        });

        desk.typeahead(input, {
            take: fetchCard,
            draw: desk.drawCustomer,
            more: (typed) => (form && typed ? [{ label: words.new.replace("#", typed), detail: "", take: () => openForm(typed) }] : []),
        });
        return { show, number: () => chosen, focus: () => input.focus() };
    };
})();
