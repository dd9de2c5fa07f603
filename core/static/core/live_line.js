// The line to the server of a page that changes by itself: it listens where connections are kept open, else it asks.
// What it hears goes round as events of the document: "live:news" (answers: promises of what was done about it) and
// "live:here"; "live:bell" says that somebody is told something, "live:listens" and "live:silent" whether that is heard.
// An answer is "taken", "failed" (to be tried again) or "gone" (nothing more to be heard here).
"use strict";
(() => {
    const me = document.currentScript;
    if (!me) {
        return;
    }
    const { doing } = me.dataset;
    // A page that was made while something was being written down may have missed it.
    const margin = Number(me.dataset.margin);
    let { ask, stream, made } = me.dataset;
    const SECOND = 1000;
    const MINUTE = 60 * SECOND;
    // How long a stream may be silent, and until its first word: proxies that hold back what they pass on are found out.
    const SILENCE = 25 * SECOND;
    const FIRST_WORD = 4 * SECOND;
    const UNSEEN = 20 * SECOND;

    let mark = "";
    let wanted = "";
    let rows = [];
    let stopped = false;
    let editing = doing === "edit";
    const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

    // What is new is told once at a time; what comes meanwhile is told afterwards.
    let telling = null;
    let fails = 0;
    const news = (now) => {
        wanted = now;
        telling ??= (async () => {
            while (mark !== wanted && !stopped) {
                const goal = wanted;
                const detail = { rows, answers: [] };
                rows = [];
                tell("live:news", detail);
                const done = await Promise.all(detail.answers);
                stopped = done.includes("gone");
                if (done.includes("failed")) {
                    fails += 1;
                    await new Promise((on) => setTimeout(on, Math.min(MINUTE, SECOND * 2 ** fails)));
                } else {
                    fails = 0;
                    mark = goal;
                    // A record with which much happens is drawn anew once a second.
                    await new Promise((on) => setTimeout(on, SECOND));
                }
            }
            telling = null;
        })();
    };
    const begin = ({ mark: now, last }) => {
        if (mark === "" && !telling && last < Number(made) - margin) {
            mark = wanted = now;
        } else if (now !== mark) {
            news(now);
        }
    };

    // Listening ------------------------------------------------------------------------------------
    let source = null;
    let heard = 0;
    let misses = 0;
    let patience = 3;
    let askUntil = window.EventSource && stream ? 0 : Infinity;
    let first = 0;

    const hangUp = () => {
        clearTimeout(first);
        if (source) {
            source.close();
            source = null;
            tell("live:silent");
        }
    };
    const miss = () => {
        hangUp();
        misses += 1;
        // Three times without a word: this way does not work here; it is tried again, once, in a while.
        if (misses >= patience) {
            patience = 1;
            askUntil = Date.now() + 5 * MINUTE;
            misses = 0;
        }
        setTimeout(attend, SECOND * (0.5 + Math.random()));
    };
    const refused = async () => {
        hangUp();
        askUntil = Date.now() + 5 * MINUTE;
        // Signed out: whoever looks is told with the next click.
        const answer = await fetch(stream, { method: "HEAD" }).catch(() => null);
        stopped ||= answer?.status === 404;
        attend();
    };
    const on = (name, act) =>
        source.addEventListener(name, (event) => {
            heard = Date.now();
            act(JSON.parse(event.data), event.lastEventId);
        });
    const listen = () => {
        source = new EventSource(`${stream}?doing=${editing ? "edit" : "read"}`);
        heard = Date.now();
        first = setTimeout(miss, FIRST_WORD);
        source.onerror = () => (source?.readyState === EventSource.CLOSED ? refused() : miss());
        on("hello", (said) => {
            clearTimeout(first);
            misses = 0;
            patience = 3;
            begin(said);
            tell("live:listens", { bell: said.bell });
        });
        on("bell", () => tell("live:bell"));
        on("changed", (said, now) => {
            rows.push(...said.rows);
            news(now);
        });
        on("here", (people) => tell("live:here", { people }));
        on("beat", () => {});
        on("over", () => {
            stopped = true;
            hangUp();
        });
    };

    // Asking ---------------------------------------------------------------------------------------
    let timer = 0;
    let busy = false;
    let silent = 0;
    let seen = "";
    let lively = Date.now();

    const pause = () => {
        const quiet = Date.now() - lively;
        const usual = quiet < 10 * MINUTE ? SECOND : quiet < 60 * MINUTE ? 3 * SECOND : 15 * SECOND;
        return Math.max(usual, silent ? Math.min(MINUTE, SECOND * 2 ** silent) : 0) * (0.9 + Math.random() / 5);
    };
    const look = async () => {
        clearTimeout(timer);
        if (busy) {
            return;
        }
        busy = true;
        try {
            const more = `${seen ? `&seen=${seen}` : ""}${editing ? "&doing=edit" : ""}`;
            const answer = await fetch(`${ask}?after=${mark}${more}`, { credentials: "omit", cache: "no-store" });
            stopped ||= answer.status === 404;
            silent = answer.ok ? 0 : silent + 1;
            if (answer.status === 200) {
                const now = await answer.json();
                if (now.seen !== undefined && now.seen !== seen) {
                    seen = now.seen;
                    tell("live:here", { people: now.here });
                }
                lively = mark && now.mark !== mark ? Date.now() : lively;
                begin(now);
            }
        } catch {
            silent += 1;
        }
        busy = false;
        timer = setTimeout(attend, pause());
    };

    // One or the other, and nothing where nobody looks ---------------------------------------------
    let hidden = 0;
    function attend() {
        clearTimeout(timer);
        if (stopped || source) {
            return;
        }
        if (Date.now() < askUntil) {
            document.hidden || (ask ? look() : (timer = setTimeout(attend, MINUTE)));
        } else if (!document.hidden) {
            listen();
        }
    }
    setInterval(() => {
        if (source && Date.now() - heard > SILENCE) {
            miss();
        }
    }, 5 * SECOND);
    document.addEventListener("visibilitychange", () => {
        clearTimeout(hidden);
        if (document.hidden) {
            hidden = setTimeout(hangUp, UNSEEN);
        } else {
            attend();
        }
    });
    window.addEventListener("pageshow", attend);
    window.addEventListener("pagehide", hangUp);
    for (const sign of ["keydown", "pointerdown"]) {
        document.addEventListener(sign, () => (lively = Date.now()), { passive: true });
    }
    // Who is here is what the stream says of itself: it is opened anew when somebody begins to edit, or has done.
    document.addEventListener("live:doing", ({ detail }) => {
        if (editing !== detail.editing) {
            editing = detail.editing;
            if (source) {
                hangUp();
                attend();
            }
        }
    });
    // A list that was drawn anew is about other records, and brings a right of its own.
    document.addEventListener("live:drawn", ({ detail }) => {
        const line = detail.page.querySelector("script[data-ask]");
        if (line) {
            ({ ask, stream, made } = line.dataset);
            mark = wanted = "";
            hangUp();
            attend();
        }
    });
})();
