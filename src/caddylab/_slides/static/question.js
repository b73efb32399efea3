// The options of a question: which one the room voted for, and which one is right.

const OPTION = /^[A-D]$/;

/** The options in rendered text: [[letter, paragraph]]. */
export function options(node) {
  return [...node.querySelectorAll("p")]
    .map((text) => [text.firstElementChild?.textContent, text])
    .filter(([letter, text]) => OPTION.test(letter) && text.firstChild === text.firstElementChild);
}

/** Mark them; `voted` and `right` are letters or undefined. */
export function mark(node, { voted, right }) {
  for (const [letter, text] of options(node)) {
    text.classList.add("caddylab-option");
    tell(text, "caddylab-voted", letter === voted && "your vote");
    tell(text, "caddylab-right", letter === right && "right");
  }
}

/** A symbol for those who see it, and words for everybody. */
function tell(text, name, words) {
  text.classList.toggle(name, Boolean(words));
  const there = text.querySelector(`.${name}-sign`);
  if (!words) there?.remove();
  else if (!there) {
    const sign = document.createElement("span");
    Object.assign(sign, { className: `caddylab-sign ${name}-sign`, textContent: words });
    text.append(" ", sign);
  }
}
