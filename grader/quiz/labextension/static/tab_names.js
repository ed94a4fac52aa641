// @ts-check
//
// Tabs named after their lessons: all notebooks are called lesson.ipynb.

/**
 * What this file uses of the application's own classes.
 *
 * @typedef {{ connect: (slot: (sender: any, args: any) => void) => void }} Signal
 * @typedef {{ localPath: string, pathChanged: Signal }} Context
 * @typedef {{ title: { dataset: Record<string, string> }, context?: Context }} MainWidget
 * @typedef {{ widgets: (area: string) => Iterable<MainWidget> }} Tabs
 */

/** The folder above a lesson's, and the lesson. */
export const LESSON_PATH = /^(?:(.*)\/)?(\d\d_\w+)\/lesson\.ipynb$/;

/** "05 Staged unfreezing", with a mark for a solution; "" for what is no lesson. @param {string} path */
export function tabName(path) {
  const [, above = "", lesson = ""] = path.match(LESSON_PATH) ?? [];
  if (!lesson) return "";
  const words = lesson.slice(3).replaceAll("_", " ").trim();
  const isSolution = above.split("/").at(-1) === "solutions";
  const name = `${lesson.slice(0, 2)} ${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return isSolution ? `${name} (solution)` : name;
}

/**
 * Name the tabs of lessons. Not by the title: JupyterLab renames the file to what is written there. What a
 * title carries as data comes to its tab as an attribute; a rule of style for each name shows it there.
 *
 * @param {Tabs} shell
 * @returns {() => void} looks at the tabs that are open now
 */
export function tabNamer(shell) {
  /** @type {WeakSet<MainWidget>} */
  const followed = new WeakSet();
  /** @type {Set<string>} */
  const styled = new Set();
  const style = document.createElement("style");
  document.head.append(style);

  /** @param {string} lesson letters, digits, underscores and spaces: nothing that ends a string of CSS */
  function showInTabs(lesson) {
    if (styled.has(lesson)) return;
    styled.add(lesson);
    const label = `.lm-TabBar-tab[data-lesson="${lesson}"] .lm-TabBar-tabLabel::before`;
    style.sheet?.insertRule(`${label} { content: "${lesson} "; }`);
  }

  /** @param {MainWidget} widget @param {Context} context */
  function name({ title }, context) {
    const { lesson = "", ...others } = title.dataset;
    const wanted = tabName(context.localPath);
    if (wanted) showInTabs(wanted);
    if (wanted !== lesson) title.dataset = wanted ? { ...others, lesson: wanted } : others;
  }

  return () => {
    for (const widget of shell.widgets("main")) {
      const { context } = widget;
      if (!context?.localPath) continue;
      name(widget, context);
      if (followed.has(widget)) continue;
      followed.add(widget);
      context.pathChanged.connect(() => name(widget, context));
    }
  };
}
