// Who else is on the page of this record, in initials and words; and whether somebody is typing here, for the others.
"use strict";
(() => {
    const me = document.currentScript;
    const main = document.querySelector("main");
    if (!me || !main) {
        return;
    }
    const { looks, edits, doing, note } = me.dataset;
    const make = (tag, name, text = "") => {
        const node = document.createElement(tag);
        node.className = name;
        node.textContent = text;
        return node;
    };

    // Who is here ----------------------------------------------------------------------------------
    const place = make("p", "onlookers");
    place.setAttribute("role", "status");
    const put = () => main.querySelector(".page-name")?.append(place);
    // After the script that compares what the server drew: it shall not know of this.
    document.addEventListener("page:drawn", () => setTimeout(put));
    setTimeout(put);

    document.addEventListener("live:here", ({ detail }) => {
        place.replaceChildren(
            ...detail.people.map((one) => {
                const who = make("span", one.editing ? "onlooker editing" : "onlooker");
                const avatar = make("span", "avatar", one.initials);
                avatar.setAttribute("aria-hidden", "true");
                const words = make("span", "onlooker-words", (one.editing ? edits : looks).replace("#", one.name));
                who.title = words.textContent;
                who.append(avatar, words);
                return who;
            }),
        );
    });

    // What I do ------------------------------------------------------------------------------------
    const FIELDS = "main form[method=post] :is(input:not([type=hidden], [type=checkbox], [type=submit], [type=button]), textarea), #aside form :is(input:not([type=hidden]), textarea, select)";
    const isTouched = (field) =>
        field.type === "checkbox" || field.type === "radio"
            ? field.checked !== field.defaultChecked
            : field.options
              ? [...field.options].some((one) => one.selected !== one.defaultSelected) && field === document.activeElement
              : field.value !== field.defaultValue;
    let timer = 0;
    const look = () => {
        const editing = doing === "edit" || [...document.querySelectorAll(FIELDS)].some(isTouched);
        document.dispatchEvent(new CustomEvent("live:doing", { detail: { editing } }));
    };
    for (const sign of ["input", "page:drawn", "focusout", "reset"]) {
        document.addEventListener(sign, () => {
            clearTimeout(timer);
            timer = setTimeout(look, 400);
        });
    }

    // A form stays as it is; whoever fills it in is told at once, and sees both versions when it is sent.
    if (doing === "edit") {
        document.addEventListener("live:news", () => {
            if (!document.querySelector(".live-note")) {
                const box = make("div", "live-note", note);
                box.setAttribute("role", "status");
                document.body.append(box);
            }
        });
    }
})();
