// @ts-check
//
// For JupyterLab alone: a panel in the left side bar that lists the lessons with the points reached and opens
// them, and tabs that are named after their lessons (all notebooks are called lesson.ipynb). Nothing is kept:
// the panel reads the saved notebooks, as `lab.progress()` does.

import { readNotebook, shortNumber, whatIsLeft } from "./progress.js";

const NOTEBOOK = "lesson.ipynb";
const RELEASES = "notebooks";
const NOTE = "Read from the saved notebooks: what has just run counts once you save.";
const LESSON_ID = /^\d\d_\w+$/;
const LESSON_PATH = /^(?:(.*)\/)?(\d\d_\w+)\/lesson\.ipynb$/;

/**
 * What this file uses of the application's own classes.
 *
 * @typedef {{ connect: (slot: (sender: any, args: any) => void) => void }} Signal
 * @typedef {{ localPath: string, pathChanged: Signal }} Context
 * @typedef {{ title: { dataset: Record<string, string> }, context?: Context }} MainWidget
 * @typedef {{ name: string, type: string, path: string, last_modified: string, content?: any }} FileModel
 * @typedef {{ get: (path: string, options?: { content?: boolean, type?: string }) => Promise<FileModel>,
 *   fileChanged: Signal }} Contents
 * @typedef {{ currentWidget: MainWidget | null, widgets: (area: string) => Iterable<MainWidget>,
 *   add: (widget: any, area: string, options: { rank: number }) => void, layoutModified?: Signal }} Shell
 * @typedef {{ shell: Shell, serviceManager: { contents: Contents },
 *   commands: { execute: (id: string, args: Record<string, string>) => Promise<unknown> } }} Application
 */
/**
 * One row of the panel: either the state of the lesson or a problem in a sentence.
 *
 * @typedef {{ path: string, name: string, state: import("./progress.js").LessonState | null,
 *   problem: string }} Row
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// ---------------------------------------------------------------------------------------------- tabs

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
 * @param {Shell} shell
 * @returns {() => void} looks at the tabs that are open now
 */
function tabNamer(shell) {
  /** @type {WeakSet<Context>} */
  const followed = new WeakSet();
  /** @type {Set<string>} */
  const styled = new Set();
  const style = element("style", "");
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
      if (followed.has(context)) continue;
      followed.add(context);
      context.pathChanged.connect(() => name(widget, context));
    }
  };
}

// ------------------------------------------------------------------------------------------- reading

/** Whether the server says that there is no such file. @param {unknown} error */
function isMissing(error) {
  return /** @type {any} */ (error)?.response?.status === 404;
}

/** Reads the lessons of one folder; a notebook that did not change since is not read twice. */
class LessonReader {
  /** @param {Contents} contents */
  constructor(contents) {
    this._contents = contents;
    /** @type {Map<string, { modified: string, row: Row }>} */
    this._known = new Map();
  }

  /**
   * The rows of the first of these folders that holds lessons; null where none does. Fails where the server
   * does not answer.
   *
   * @param {string[]} folders
   * @returns {Promise<Row[] | null>}
   */
  async read(folders) {
    for (const folder of folders) {
      const listed = await this._contents
        .get(folder, { content: true, type: "directory" })
        .catch((/** @type {unknown} */ error) => {
          if (isMissing(error)) return null;
          throw error;
        });
      const lessons = (listed?.content ?? [])
        .filter((/** @type {FileModel} */ { name, type }) => type === "directory" && LESSON_ID.test(name))
        .map((/** @type {FileModel} */ { name }) => name)
        .sort();
      const above = folder ? `${folder}/` : "";
      if (lessons.length) {
        return Promise.all(lessons.map((/** @type {string} */ name) => this._row(`${above}${name}`, name)));
      }
    }
    return null;
  }

  /** @param {string} folder @param {string} name @returns {Promise<Row>} */
  async _row(folder, name) {
    const path = `${folder}/${NOTEBOOK}`;
    /** @param {string} problem @returns {Row} */
    const amiss = (problem) => ({ path, name, state: null, problem });
    try {
      const { last_modified: modified } = await this._contents.get(path, { content: false });
      const known = this._known.get(path);
      if (known?.modified === modified) return known.row;
      const { content } = await this._contents.get(path, { content: true, type: "notebook" });
      const state = readNotebook(content);
      if (!state) return amiss(`${NOTEBOOK} is damaged: rename it, then fetch a fresh copy of the lesson.`);
      const row = { path, name, state, problem: "" };
      this._known.set(path, { modified, row });
      return row;
    } catch (error) {
      return amiss(
        isMissing(error)
          ? `There is no ${NOTEBOOK} in it: was it renamed or moved?`
          : `${NOTEBOOK} cannot be read: if it is damaged, rename it, then fetch a fresh copy of the lesson.`,
      );
    }
  }
}

// --------------------------------------------------------------------------------------------- panel

/** @param {Row} row @param {(path: string) => void} open */
function drawRow({ path, name, state, problem }, open) {
  const title = element("span", "ftl-title", state?.title || tabName(path) || name);
  const left = state ? whatIsLeft(state) : [problem];
  const button = element("button", "ftl-open", title);
  button.type = "button";
  button.title = `Open ${path}`;
  button.addEventListener("click", () => open(path));
  const bar = element("span", "ftl-bar", element("span", ""));
  bar.ariaHidden = "true";
  if (state) {
    const { reached, total } = state;
    const points = `${shortNumber(reached)} of ${shortNumber(total)} points`;
    button.append(element("span", "ftl-points", points), bar);
    /** @type {HTMLElement} */ (bar.firstChild).style.width = `${total ? (100 * reached) / total : 0}%`;
  }
  const entries = left.map((entry) => element("li", "", entry));
  return element("li", "ftl-lesson", button, element("ul", "ftl-left", ...entries));
}

/**
 * The JupyterLab plugin; `Widget` is the application's own. In Notebook 7, which has no tabs, it does nothing.
 *
 * @param {new () => any} Widget
 */
export function createLessonsPlugin(Widget) {
  class LessonsPanel extends Widget {
    /** @param {Application} app */
    constructor(app) {
      super();
      this.id = "finetuning-course-lessons";
      this.addClass("ftl");
      this.title.caption = "Lessons and points";
      // Without a renderer of its own a panel gets JupyterLab's general sign.
      this.title.icon = { render: (/** @type {HTMLElement} */ host) => host.classList.add("ftl-icon") };
      this._app = app;
      this._reader = new LessonReader(app.serviceManager.contents);
      this._round = 0;
      /** @type {string[]} */
      this._last = [];
      this._list = element("ul", "ftl-lessons");
      this._summary = element("p", "ftl-summary");
      this._summary.setAttribute("role", "status");
      const note = element("p", "ftl-note", NOTE);
      const heading = element("h2", "ftl-heading", "Lessons");
      this.node.append(heading, this._summary, this._list, note);
      this.node.setAttribute("aria-label", "Lessons and points");
      this.node.setAttribute("role", "region");
    }

    /** Folders to look in: that of the lesson in front, or that of the last one, then the course's. */
    get _folders() {
      const current = this._app.shell.currentWidget?.context?.localPath?.match(LESSON_PATH);
      if (current) this._last = [current[1] ?? ""];
      return [...this._last, RELEASES, ""];
    }

    onAfterShow() {
      void this.refresh();
    }

    async refresh() {
      if (!this.isVisible) return;
      const round = (this._round += 1);
      const noLessons = `No lessons here: start JupyterLab in the course's folder, which holds ${RELEASES}/.`;
      const noAnswer = "The server does not answer: is JupyterLab still running?";
      const found = await this._reader.read(this._folders).then(
        (rows) => ({ rows: rows ?? [], problem: rows ? "" : noLessons }),
        () => ({ rows: [], problem: noAnswer }),
      );
      if (round !== this._round || this.isDisposed) return; // a later look was quicker
      this._show(found.rows, found.problem);
    }

    /** @param {Row[]} rows @param {string} problem why there are none */
    _show(rows, problem) {
      const states = rows.flatMap(({ state }) => (state ? [state] : []));
      const reached = shortNumber(states.reduce((sum, state) => sum + state.reached, 0));
      const total = shortNumber(states.reduce((sum, state) => sum + state.total, 0));
      const said = problem || `${reached} of ${total} points`;
      if (this._summary.textContent !== said) this._summary.textContent = said;
      const { activeElement: active } = document;
      const focused = active instanceof HTMLElement && this._list.contains(active) ? active.title : "";
      this._list.replaceChildren(
        ...rows.map((row) =>
          drawRow(row, (path) => void this._app.commands.execute("docmanager:open", { path })),
        ),
      );
      // Drawn anew, a row loses the keyboard's focus: give it back.
      for (const button of this._list.querySelectorAll("button")) if (button.title === focused) button.focus();
    }
  }

  return {
    id: "finetuning-course-quiz:lessons",
    description: "Lists the lessons of the fine-tuning course with the points reached, and names their tabs.",
    autoStart: true,
    activate: (/** @type {Application} */ app) => {
      const { shell } = app;
      if (!shell.layoutModified) return;
      const panel = new LessonsPanel(app);
      shell.add(panel, "left", { rank: 450 });
      const nameTabs = tabNamer(shell);
      shell.layoutModified.connect(() => {
        nameTabs();
        void panel.refresh();
      });
      app.serviceManager.contents.fileChanged.connect(() => void panel.refresh());
    },
  };
}
