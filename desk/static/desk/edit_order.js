// An order is edited: with every change the page asks what it would do; the last answer wins. Without this it is a form.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("edit-order");
    if (!form) {
        return;
    }
    const { desk } = window;
    const { make } = window.backOffice;
    const [PAUSE, TRY_AGAIN] = [160, 8000];
    const by = (id) => document.getElementById(id);
    const lines = by("lines");
    const product = by("product");
    let asked = null;
    let waiting = 0;
    let isSent = false;
    let isTyped = false;

    // The added rows are named as the server counts them.
    const number = () =>
        [...lines.querySelectorAll("[data-added]")].forEach((row, at) => {
            const control = `a-${at}`;
            row.dataset.row = control;
            row.querySelector(".quantity").dataset.control = control;
            row.querySelector(".errorlist").dataset.errors = control;
        });
    const showErrors = (errors) => {
        const left = { ...errors };
        for (const list of form.querySelectorAll("[data-errors]")) {
            const names = list.dataset.errors.split(" ");
            const texts = names.flatMap((name) => errors[name] || []);
            names.forEach((name) => delete left[name]);
            list.replaceChildren(...texts.map((text) => make("li", "", text)));
            list.closest(".field, .order-line")?.classList.toggle("errors", texts.length > 0);
            for (const name of names) {
                const control = name && form.querySelector(`[data-control="${CSS.escape(name)}"]`);
                if (control) {
                    errors[name] ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid");
                }
            }
        }
        by("general").append(...Object.values(left).flat().map((text) => make("li", "", text)));
    };
    const tell = (told) => {
        by("edit-preview").innerHTML = told.html;
        by("apply").textContent = told.button;
        for (const row of lines.children) {
            const line = told.lines[row.dataset.row];
            const part = (name) => row.querySelector(`.${name}`);
            part("line-total").textContent = line?.total || "";
            part("stock").textContent = line?.stock || "";
            part("stock").className = `stock ${line?.tone || ""}`;
            part("day").textContent = line?.day || "";
            const wait = part("may-wait");
            wait.classList.toggle("hidden", !told.lacking.includes(row.dataset.row) && !wait.querySelector("input").checked);
            row.classList.toggle("gone", part("quantity").value.trim() === "0");
            if (line?.name && row.hasAttribute("data-added")) {
                row.querySelector(".line-name b").textContent = line.name;
            }
        }
        showErrors(told.errors);
    };
    const preview = async () => {
        clearTimeout(waiting);
        asked?.abort();
        const mine = (asked = new AbortController());
        by("summary").setAttribute("aria-busy", "true");
        try {
            const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, signal: mine.signal });
            if (!answer.ok || answer.redirected) {
                throw new TypeError("no answer");
            }
            const told = await answer.json();
            if (asked === mine) {
                tell(told);
            }
        } catch (error) {
            if (error.name !== "AbortError") {
                showErrors({ "": [form.dataset.offline] });
                waiting = setTimeout(preview, TRY_AGAIN);
            }
        } finally {
            if (asked === mine) {
                by("summary").removeAttribute("aria-busy");
            }
        }
    };
    const changed = (pause = PAUSE) => {
        isTyped = true;
        clearTimeout(waiting);
        waiting = setTimeout(preview, pause);
    };
    const add = (hit) => {
        const known = [...lines.querySelectorAll("[data-added]")].find((row) => row.querySelector("[name=add-sku]").value === hit.sku);
        const row = known || by("new-line").content.firstElementChild.cloneNode(true);
        if (!known) {
            row.querySelector("[name=add-sku]").value = hit.sku;
            row.querySelector("[name=add-name]").value = hit.label;
            row.querySelector("[name=add-wait]").value = hit.sku;
            row.querySelector(".line-name b").textContent = hit.label;
            row.querySelector(".line-name small").textContent = hit.sku;
            for (const control of row.querySelectorAll("[aria-label]")) {
                control.setAttribute("aria-label", `${control.getAttribute("aria-label").trim()} ${hit.label}`);
            }
            lines.append(row);
            number();
        }
        const quantity = row.querySelector(".quantity");
        quantity.focus();
        quantity.select();
        changed(0);
    };

    desk.typeahead(product, { take: add, draw: desk.drawProduct, query: () => ({ channel: form.dataset.channel }), empty: () => by("apply").focus() });
    form.addEventListener("input", (event) => event.target !== product && !["reason", "tell"].includes(event.target.name) && changed());
    form.addEventListener("click", (event) => {
        const zero = event.target.closest("[data-zero]");
        const gone = event.target.closest("[data-remove]");
        if (zero) {
            const quantity = by(zero.dataset.zero);
            quantity.value = quantity.value.trim() === "0" ? quantity.defaultValue : "0";
            changed(0);
        } else if (gone) {
            gone.closest("li").remove();
            number();
            product.focus();
            changed(0);
        }
    });
    // Enter in a field of the lines goes on to the next product; it never applies by accident.
    form.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("input:not([type=checkbox])")) {
            event.preventDefault();
            if (event.target.matches(".quantity, .price")) {
                product.focus();
            }
        }
    });
    form.addEventListener("submit", (event) => {
        if (isSent) {
            event.preventDefault();
        }
        isSent = true;
    });
    addEventListener("beforeunload", (event) => isTyped && !isSent && event.preventDefault());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    (form.querySelector("#overtaken") || form.querySelector("[aria-invalid], .errors input"))?.focus();
});
