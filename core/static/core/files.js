// Files for a form: chosen or dropped, listed with their size, and refused before anything is sent.
"use strict";
(() => {
    const size = (bytes) => {
        const steps = [["megabyte", 1024 ** 2], ["kilobyte", 1024], ["byte", 1]];
        const [unit, of] = steps.find(([, least]) => bytes >= least) ?? steps[2];
        return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: 1 }).format(bytes / of);
    };
    const make = (tag, className, text) => {
        const node = document.createElement(tag);
        node.className = className;
        node.textContent = text;
        return node;
    };

    const dressOne = (field) => {
        const form = field.form;
        const says = field.dataset;
        const list = make("ul", "files-list", "");
        list.setAttribute("aria-label", says.listLabel);
        const wrong = make("div", "files-wrong", "");
        wrong.setAttribute("role", "alert");
        (field.closest(".files-pick") ?? field).after(list, wrong);
        let files = [];

        const put = () => {
            const carrier = new DataTransfer();
            files.forEach((file) => carrier.items.add(file));
            field.files = carrier.files;
            list.replaceChildren(...files.map(row));
        };
        const row = (file, number) => {
            const item = make("li", "", "");
            const off = make("button", "icon-button", "×");
            off.type = "button";
            off.setAttribute("aria-label", says.takeOff.replace("#", file.name));
            off.addEventListener("click", () => {
                files.splice(number, 1);
                wrong.replaceChildren();
                put();
                (list.querySelectorAll("button")[Math.min(number, files.length - 1)] ?? field).focus();
            });
            item.append(make("span", "", file.name), make("small", "", size(file.size)), off);
            return item;
        };
        const why = (file) => {
            const ending = `.${file.name.split(".").pop().toLowerCase()}`;
            if (!file.name.includes(".") || !field.accept.split(",").includes(ending)) {
                return says.notTaken;
            }
            return file.size > Number(says.mostBytes) ? says.tooLarge : "";
        };
        const add = (more) => {
            const faults = [];
            for (const file of more) {
                const known = files.some((one) => one.name === file.name && one.size === file.size && one.lastModified === file.lastModified);
                const fault = why(file);
                const sum = files.reduce((all, one) => all + one.size, file.size);
                if (fault) {
                    faults.push(fault.replace("#", file.name));
                } else if (!known && files.length >= Number(says.most)) {
                    faults.push(says.tooMany);
                } else if (!known && sum > Number(says.mostInAll)) {
                    faults.push(says.tooMuch);
                } else if (!known) {
                    files.push(file);
                }
            }
            wrong.replaceChildren(...[...new Set(faults)].map((fault) => make("p", "", fault)));
            put();
        };

        field.addEventListener("change", () => add([...field.files]));
        form.addEventListener("reset", () => {
            files = [];
            list.replaceChildren();
            wrong.replaceChildren();
        });
        const carries = (event) => event.dataTransfer?.types.includes("Files");
        form.addEventListener("dragover", (event) => {
            if (carries(event)) {
                event.preventDefault();
                form.classList.add("files-over");
            }
        });
        form.addEventListener("dragleave", (event) => form.contains(event.relatedTarget) || form.classList.remove("files-over"));
        form.addEventListener("drop", (event) => {
            form.classList.remove("files-over");
            if (carries(event)) {
                event.preventDefault();
                add([...event.dataTransfer.files]);
            }
        });
        if (field.files.length) {
            add([...field.files]); // What the page took over from the one before.
        }
    };
    const dressed = new WeakSet();
    const dress = () => {
        for (const field of document.querySelectorAll("input[type=file][data-files]")) {
            if (!dressed.has(field)) {
                dressed.add(field);
                dressOne(field);
            }
        }
    };
    document.addEventListener("DOMContentLoaded", dress);
    document.addEventListener("live:changed", dress);
    // After live.js, which takes what it finds for what the server drew.
    document.addEventListener("page:drawn", () => queueMicrotask(dress));
    document.addEventListener("aside:shown", dress);
})();
