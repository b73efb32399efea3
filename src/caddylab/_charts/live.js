// A picture that is swapped in one step, so it never goes blank and what is below never jumps up.
function render({ model, el }) {
  const frame = document.createElement("div");
  let tallest = 0;
  const draw = () => {
    const page = new DOMParser().parseFromString(model.get("svg"), "image/svg+xml");
    frame.replaceChildren(document.importNode(page.documentElement, true));
    tallest = Math.max(tallest, frame.offsetHeight);
    frame.style.minHeight = `${tallest}px`;
  };
  frame.className = "caddylab-live caddylab-still";
  model.on("change:svg", draw);
  el.append(frame);
  draw();
}
export default { render };
