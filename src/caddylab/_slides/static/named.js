// A chart's menu is three dots without a name; gives it one for people who cannot see them.

const MENU = ".vega-embed > details > summary:not([aria-label])";

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function named(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");

  return {
    id: "caddylab-slides:named",
    description: "Names the menus of charts.",
    autoStart: true,
    requires: [INotebookTracker],
    activate(app, tracker) {
      tracker.forEach(attend);
      tracker.widgetAdded.connect((_, panel) => attend(panel));
    },
  };
}

function attend(panel) {
  const observer = new MutationObserver(() => name(panel.content.node));
  observer.observe(panel.content.node, { childList: true, subtree: true });
  panel.disposed.connect(() => observer.disconnect());
}

function name(node) {
  for (const menu of node.querySelectorAll(MENU)) menu.setAttribute("aria-label", "Save the chart");
}
