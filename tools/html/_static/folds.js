// A prediction on a page: the measurement and its explanation wait for the reader's choice.

const after = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
const named = (kind, { dataset }) => `.caddylab-${kind}[data-name="${dataset.name}"]`;
const waiting = new Map(); // each waiting element → the questions that it waits for

for (const question of document.querySelectorAll(".caddylab-asked")) {
  const compared = document.querySelector(named("compared", question));
  if (!compared) continue;
  const measured = [...document.querySelectorAll(".cell_output")].filter((output) =>
    after(question, output) && after(output, compared) && !output.querySelector(".caddylab-asked"));
  const folded = [...document.querySelectorAll(named("from", question))].map(fold);
  for (const each of [...measured, ...folded]) {
    waiting.set(each, (waiting.get(each) ?? new Set()).add(question));
  }
  question.addEventListener("change", (event) => choose(question, event.target.value));
  anyway(question);
}
let last = null;
waiting.forEach((questions, each) => {
  each.classList.add("caddylab-waits");
  each.before(note(each, last, questions));
  last = each;
});

/** Put what is between two marks into a box of its own. */
function fold(from) {
  const box = document.createElement("div");
  while (from.nextElementSibling && !from.nextElementSibling.matches(".caddylab-to")) {
    box.append(from.nextElementSibling);
  }
  from.after(box);
  return box;
}

function note(each, last, questions) {
  const said = document.createElement("p");
  said.className = "caddylab-note";
  said.textContent = words(each, last, questions);
  return said;
}

function words(each, last, [question]) {
  if (each.matches(".cell_output")) return "What was measured here waits for your prediction.";
  if (!last || last.matches(".cell_output")) return "So does what explains it.";
  const asked = question.querySelector("legend span").textContent;
  return `So does what explains “${asked}”`;
}

function anyway(question) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: "Show me anyway" });
  button.addEventListener("click", () => open(question));
  question.append(button);
}

function choose(question, answer) {
  const right = answer === question.dataset.true;
  question.querySelector("[role=status]").textContent = right
    ? "That is what was measured." : "It came out differently. Read on and see.";
  open(question);
}

function open(question) {
  question.querySelector("button")?.remove();
  waiting.forEach((questions, each) => {
    if (!questions.delete(question) || questions.size) return;
    each.classList.remove("caddylab-waits");
    each.previousElementSibling.remove();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      each.animate([{ opacity: 0 }, { opacity: 1 }], 450);
    }
  });
}
