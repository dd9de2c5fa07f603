// Fields of the new order: what is said in them, and what is wrong beside them.
"use strict";
(() => {
    const desk = (window.desk ||= {});
    const { make } = window.backOffice;
    const page = () => document.getElementById("new-order");

    desk.icon = (name) => {
        const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
        svg.setAttribute("class", "icon");
        svg.setAttribute("aria-hidden", "true");
        use.setAttribute("href", `${page().dataset.icons}#${name}`);
        svg.append(use);
        return svg;
    };
    // Reasons that open where one looks; what was open stays open when they are told anew.
    desk.tellReasons = (list, reasons) => list.replaceChildren(...reasons.map((text) => make("li", "", text)));

    // Options of a select, told anew without losing what is chosen.
    desk.fillSelect = (select, options, chosen = select.value) => {
        const same = options.length === select.options.length && options.every((one, at) => select.options[at].value === one.code && select.options[at].text === one.label);
        if (!same) {
            select.replaceChildren(...options.map((one) => new Option(one.label, one.code)));
        }
        if (options.some((one) => one.code === chosen)) {
            select.value = chosen;
        }
    };

    // What is wrong ------------------------------------------------------------------------------
    desk.clearFaults = (root) => {
        for (const list of root.querySelectorAll(".errorlist")) {
            list.replaceChildren();
        }
        for (const field of root.querySelectorAll(".errors")) {
            field.classList.remove("errors");
        }
        for (const control of root.querySelectorAll("[aria-invalid]")) {
            control.removeAttribute("aria-invalid");
            control.removeAttribute("aria-describedby");
        }
    };
    // Return the control that a fault is beside, or nothing where the page has no such field.
    desk.showFault = (field, text) => {
        const list = field.querySelector(":scope > .errorlist, .line-more > .errorlist");
        const control = field.querySelector("input:not([type=hidden], :disabled), select, textarea");
        field.classList.add("errors");
        list?.append(make("li", "", text));
        if (control && list) {
            list.id ||= `${control.id}_error`;
            control.setAttribute("aria-invalid", "true");
            control.setAttribute("aria-describedby", list.id);
        }
        return control;
    };
    // The field of `/a/b`, else of `/a`.
    desk.fieldOf = (root, pointer) => root.querySelector(`[data-field="${CSS.escape(pointer)}"]`) || root.querySelector(`[data-field="/${CSS.escape(pointer.split("/")[1])}"]`);

    // What is said -------------------------------------------------------------------------------
    desk.readFields = (root) => Object.fromEntries([...root.querySelectorAll("[data-name]")].map((one) => [one.dataset.name, one.type === "checkbox" ? one.checked : one.value]));
    desk.writeFields = (root, said) => {
        for (const one of root.querySelectorAll("[data-name]")) {
            const value = said[one.dataset.name];
            if (one.type === "checkbox") {
                one.checked = value === true;
            } else if (typeof value === "string" && (one.tagName !== "SELECT" || [...one.options].some((option) => option.value === value))) {
                one.value = value;
            }
        }
    };
    desk.readAddress = (name) => {
        const choice = document.getElementById(name).value;
        const parts = [...document.querySelectorAll(`[data-typed="${name}"] [data-part]`)].map((one) => [one.dataset.part, one.value.trim()]);
        return choice === "typed" ? { choice, ...Object.fromEntries(parts) } : { choice };
    };
    desk.showTyped = (name) => document.querySelector(`[data-typed="${name}"]`).classList.toggle("hidden", document.getElementById(name).value !== "typed");
    desk.writeAddress = (name, said) => {
        const select = document.getElementById(name);
        if (said && [...select.options].some((option) => option.value === said.choice)) {
            select.value = said.choice;
        }
        for (const one of document.querySelectorAll(`[data-typed="${name}"] [data-part]`)) {
            one.value = said?.[one.dataset.part] ?? one.value;
        }
        desk.showTyped(name);
    };
})();
