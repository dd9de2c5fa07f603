// What scanned codes are answered with, heard and seen: the same wherever somebody scans.
"use strict";
window.scanner = (scan, said) => {
    let sound = null;
    const beep = (pitch, length) => {
        try {
            sound ||= new AudioContext();
            const tone = sound.createOscillator();
            const loud = sound.createGain();
            tone.type = "square";
            tone.frequency.value = pitch;
            loud.gain.value = 0.08;
            tone.connect(loud).connect(sound.destination);
            tone.start();
            tone.stop(sound.currentTime + length);
        } catch {
            // A device without sound shows it.
        }
    };
    const tell = (text, isRight = false) => {
        said.textContent = "";
        said.textContent = text;
        said.classList.toggle("right", isRight);
    };
    const alarm = (text) => {
        tell(text);
        scan.setAttribute("aria-invalid", "true");
        scan.classList.remove("alarm");
        void scan.offsetWidth;
        scan.classList.add("alarm");
        navigator.vibrate?.(200);
        beep(196, 0.25);
    };
    const calm = () => {
        tell("");
        scan.removeAttribute("aria-invalid");
        scan.classList.remove("alarm");
    };
    return { beep, tell, alarm, calm };
};
