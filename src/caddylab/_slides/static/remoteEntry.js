// What JupyterLab loads: the module container that a bundler would generate. It is written by hand,
// since there are only a few small modules behind it, which need no bundler; what JupyterLab shares
// (its tokens and actions) comes through `init`, so nothing is loaded twice.
(() => {
  const here = document.currentScript.src;
  let shared;

  async function sharedModule(name) {
    const [version] = Object.keys(shared[name]);
    return (await shared[name][version].get())();
  }

  (window._JUPYTERLAB ??= {})["caddylab-slides"] = {
    init: (scope) => { shared = scope; },
    get: async () => {
      const { plugin } = await import(new URL("plugin.js", here));
      const { caddyfileColours } = await import(new URL("caddyfile.js", here));
      const { stillPictures } = await import(new URL("still.js", here));
      const { folds } = await import(new URL("folds.js", here));
      const { unchanged } = await import(new URL("unchanged.js", here));
      const { glossary } = await import(new URL("glossary.js", here));
      const { named } = await import(new URL("named.js", here));
      const { fittingCharts } = await import(new URL("fitting.js", here));
      const { docked } = await import(new URL("docked.js", here));
      const { titled } = await import(new URL("titled.js", here));
      const makers = [
        plugin, caddyfileColours, stillPictures, folds, unchanged, glossary, named, fittingCharts, docked, titled,
      ];
      const plugins = await Promise.all(makers.map((make) => make(sharedModule)));
      const extension = { __esModule: true, default: plugins };
      return () => extension;
    },
  };
})();
