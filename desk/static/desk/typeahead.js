// A field that offers what it finds (the combobox of ARIA): arrows move, Enter takes, Escape closes.
//
//     desk.typeahead(input, { take: (hit) => …, draw: desk.drawProduct, query: () => ({ channel: "staff" }) })
//
// `draw` returns the parts of an option, `more` what else is offered for what was typed, `empty` is called on Enter
// in an empty field. Only the answer to the last letters is shown; Enter before the answer waits for it, as a scanner does.
"use strict";
(() => {
    const PAUSE = 70;
    const { make } = window.backOffice;
    const desk = (window.desk ||= {});

    // The parts of an option: a name with what is known about it, and at the side what one compares.
    const main = (label, ...details) => make("span", "typeahead-main", make("b", "", label), ...details.filter(Boolean).map((text) => make("small", "", text)));
    const picture = (src) => Object.assign(document.createElement("img"), { src, alt: "", width: 32, height: 32 });
    desk.drawProduct = (hit) => [
        ...(hit.image ? [picture(hit.image)] : []),
        main(hit.label, hit.detail),
        make("span", "typeahead-side", hit.price, make("small", hit.tone, hit.stock)),
    ];
    desk.drawCustomer = (hit) => [main(hit.label, hit.detail, hit.notes.join(" · "))];
    desk.drawPlain = (hit) => [main(hit.label, hit.detail)];

    desk.typeahead = (input, { take, draw, query = () => ({}), more = () => [], empty = () => {}, least = 2 }) => {
        const frame = input.closest(".typeahead");
        const list = frame.querySelector("[role=listbox]");
        const said = frame.querySelector("[role=status]");
        const words = frame.dataset;
        let options = [];
        let shown = "";
        let active = -1;
        let waiting = 0;
        let asked = null;
        // What was typed when Enter came before the answer.
        let wanted = null;

        // A line that cannot be chosen.
        const note = (text) => {
            const node = make("div", "typeahead-none", text);
            node.setAttribute("role", "option");
            node.setAttribute("aria-disabled", "true");
            return node;
        };
        const close = () => {
            clearTimeout(waiting);
            asked?.abort();
            list.hidden = true;
            options = [];
            active = -1;
            wanted = null;
            said.textContent = "";
            input.setAttribute("aria-expanded", "false");
            input.removeAttribute("aria-activedescendant");
        };
        const choose = (at) => {
            options[active]?.node.setAttribute("aria-selected", "false");
            active = at;
            const node = options[active]?.node;
            node?.setAttribute("aria-selected", "true");
            node?.scrollIntoView({ block: "nearest" });
            node ? input.setAttribute("aria-activedescendant", node.id) : input.removeAttribute("aria-activedescendant");
        };
        const finish = (at) => {
            const hit = options[at]?.hit;
            if (hit) {
                close();
                input.value = "";
                hit.take ? hit.take() : take(hit);
            }
        };
        const show = (hits, term) => {
            shown = term;
            const extra = more(term, hits);
            options = [...hits, ...extra].map((hit, at) => {
                const node = make("div", "typeahead-option", ...(hit.take ? desk.drawPlain : draw)(hit));
                node.id = `${input.id}-${at}`;
                node.setAttribute("role", "option");
                node.setAttribute("aria-selected", "false");
                return { hit, node };
            });
            const none = hits.length ? [] : [note(words.none)];
            list.replaceChildren(...none, ...options.map(({ node }) => node));
            list.hidden = false;
            input.setAttribute("aria-expanded", "true");
            said.textContent = hits.length === 0 ? words.none : hits.length === 1 ? words.one : words.many.replace("#", hits.length);
            choose(options.length ? 0 : -1);
            if (wanted === term && (hits.length === 1 || hits[0]?.exact)) {
                finish(0);
            }
            wanted = null;
        };
        const ask = async (term) => {
            asked?.abort();
            const mine = (asked = new AbortController());
            const address = `${words.typeahead}?${new URLSearchParams({ ...query(), q: term })}`;
            try {
                const answer = await fetch(address, { signal: mine.signal, headers: { Accept: "application/json" } });
                if (!answer.ok || answer.redirected) {
                    throw new TypeError("no answer");
                }
                const { hits } = await answer.json();
                if (term === input.value.trim()) {
                    show(hits, term);
                }
            } catch (error) {
                if (error.name === "AbortError") {
                    return;
                }
                close();
                list.replaceChildren(note(words.failed));
                list.hidden = false;
                said.textContent = words.failed;
            }
        };
        const look = (pause) => {
            clearTimeout(waiting);
            const term = input.value.trim();
            if (term.length < least && !/\d/.test(term)) {
                close();
                return;
            }
            waiting = setTimeout(() => ask(term), pause);
        };

        input.addEventListener("input", () => {
            wanted = null;
            look(PAUSE);
        });
        input.addEventListener("keydown", (event) => {
            if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) {
                return;
            }
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step) {
                event.preventDefault();
                list.hidden ? look(0) : options.length && choose((active + step + options.length) % options.length);
            } else if (event.key === "Enter") {
                event.preventDefault();
                const term = input.value.trim();
                if (!term) {
                    empty();
                } else if (options.length && shown === term) {
                    finish(active);
                } else {
                    look(0);
                    wanted = term;
                }
            } else if (event.key === "Escape" && !list.hidden) {
                event.preventDefault();
                event.stopPropagation();
                close();
            }
        });
        input.addEventListener("blur", close);
        // A press does not take the focus from the field, only a click takes.
        list.addEventListener("mousedown", (event) => event.preventDefault());
        list.addEventListener("click", (event) => finish(options.findIndex(({ node }) => node.contains(event.target))));
        list.addEventListener("mousemove", (event) => {
            const at = options.findIndex(({ node }) => node.contains(event.target));
            if (at >= 0 && at !== active) {
                choose(at);
            }
        });
        return { close };
    };
})();
