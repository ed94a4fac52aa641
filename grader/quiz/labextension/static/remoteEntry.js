// @ts-check
//
// The container that JupyterLab and Notebook 7 look for in a prebuilt extension, written by hand: they
// load this classic script, call init() with the packages they share, then get("./extension").

/**
 * A version of a shared package, as webpack's share scope has it; `loaded` once somebody has asked for it.
 *
 * @typedef {{ get: () => Promise<() => any>, loaded?: boolean | 1 }} SharedVersion
 * @typedef {Record<string, Record<string, SharedVersion>>} ShareScope
 */

(() => {
  const base = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  /** @type {ShareScope} */
  let packages = {};

  /**
   * A package of the application's, in the version that it has loaded; the newest if it has loaded none.
   *
   * Another extension may share a newer one: its `Widget` and its tokens are not those of the application.
   *
   * @param {string} name
   */
  async function shared(name) {
    const versions = packages[name] ?? {};
    const newestFirst = Object.keys(versions)
      .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }))
      .reverse();
    const chosen = versions[newestFirst.find((version) => versions[version].loaded) ?? newestFirst[0]];
    if (!chosen) throw new Error(`finetuning-course-quiz: the application does not share ${name}`);
    chosen.loaded = 1;
    return (await chosen.get())();
  }

  /** @param {string} name */
  function addStylesheet(name) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(name, base).href;
    document.head.append(link);
  }

  const extensions = (/** @type {any} */ (window)._JUPYTERLAB ??= {});
  extensions["finetuning-course-quiz"] = {
    /** @param {ShareScope} scope */
    init(scope) {
      packages = scope;
    },
    /** @param {string} name */
    async get(name) {
      if (name !== "./extension") throw new Error(`finetuning-course-quiz has no module ${name}`);
      const [{ Widget }, { IRenderMimeRegistry }, quiz, lessons, reset] = await Promise.all([
        shared("@lumino/widgets"),
        shared("@jupyterlab/rendermime"),
        import(new URL("quiz.js", base).href),
        import(new URL("lessons.js", base).href),
        import(new URL("reset.js", base).href),
      ]);
      addStylesheet("quiz.css");
      addStylesheet("lessons.css");
      addStylesheet("figures.css");
      const plugins = [
        quiz.createPlugin(Widget, IRenderMimeRegistry),
        lessons.createLessonsPlugin(Widget),
        reset.createResetPlugin(),
      ];
      const module = { __esModule: true, default: plugins };
      return () => module;
    },
  };
})();
