// What each key does. Clickers send PageDown and PageUp.

const NEXT = ["PageDown", "ArrowRight", "ArrowDown", " ", "Enter"];
const BACK = ["PageUp", "ArrowLeft", "ArrowUp", "Backspace"];
const OPTIONS = ["a", "b", "c", "d"];
const TYPES = "input, textarea, select, [contenteditable='true'], .cm-editor";
const PRESSED_BY = { " ": "button, summary, a", Enter: "button, summary, a" };

/** The listener for keys pressed in a show's windows. */
export function keys(show) {
  return (event) => {
    const act = meaning(event, show);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
}

function meaning(event, show) {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (target.closest(TYPES) && !key.startsWith("Page")) return inText(key, target);
  if (PRESSED_BY[key] && target.closest(PRESSED_BY[key])) return null;
  if (key === " " && event.shiftKey) return () => show.back();
  if (NEXT.includes(key)) return () => show.next();
  if (BACK.includes(key)) return () => show.back();
  if (OPTIONS.includes(key.toLowerCase())) return () => show.vote(key);
  return {
    r: () => show.again(), n: () => show.fallBack(), i: () => show.interrupt(),
    s: () => show.speaker.toggle(), f: () => fullScreen(), Escape: () => show.stop(),
  }[key.length === 1 ? key.toLowerCase() : key];
}

/** In a text field, keys type; Escape leaves the field, not the show. */
function inText(key, target) {
  return key === "Escape" ? () => target.blur() : null;
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}
