// The container that JupyterLab and Notebook 7 look for in a prebuilt extension, written by hand: they
// load this classic script, call init() with the packages they share, then get("./extension").
(() => {
  const base = document.currentScript.src;
  let packages = {};

  async function newest(name) {
    const versions = packages[name];
    const latest = Object.keys(versions)
      .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
      .at(-1);
    return (await versions[latest].get())();
  }

  function addStylesheet() {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("quiz.css", base).href;
    document.head.append(link);
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["finetuning-course-quiz"] = {
    init(scope) {
      packages = scope;
    },
    async get(name) {
      if (name !== "./extension") throw new Error(`finetuning-course-quiz has no module ${name}`);
      const [{ Widget }, { IRenderMimeRegistry }, { createPlugin }] = await Promise.all([
        newest("@lumino/widgets"),
        newest("@jupyterlab/rendermime"),
        import(new URL("quiz.js", base).href),
      ]);
      addStylesheet();
      const module = { __esModule: true, default: createPlugin(Widget, IRenderMimeRegistry) };
      return () => module;
    },
  };
})();
