// Offers the time zone of this browser, where nothing else was chosen yet.
"use strict";
const choice = document.querySelector("select[name=time_zone]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (choice && !document.querySelector(".errors") && [...choice.options].some((option) => option.value === here)) {
    choice.value = here;
}
