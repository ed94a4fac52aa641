// @ts-check
//
// A panel in the left side bar of JupyterLab that lists the lessons with the points reached and opens them.
// Nothing is kept: it reads the saved notebooks, as `lab.progress()` does.

import { readNotebook, shortNumber, whatIsLeft } from "./progress.js";
import { LESSON_PATH, tabName, tabNamer } from "./tab_names.js";

const NOTEBOOK = "lesson.ipynb";
const RELEASES = "notebooks";
const NOTE = "Read from the saved notebooks: what has just run counts once you save.";
const LESSON_ID = /^\d\d_\w+$/;

/**
 * What this file uses of the application's own classes.
 *
 * @typedef {import("./tab_names.js").Signal} Signal
 * @typedef {import("./tab_names.js").MainWidget} MainWidget
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
        return Promise.all(lessons.map((/** @type {string} */ name) => this._row(above + name, name)));
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
          : `${NOTEBOOK} cannot be read: is it damaged? Rename it, then fetch a fresh copy of the lesson.`,
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
 * The JupyterLab plugin; `Widget` is the application's own. Notebook 7 has no tabs: there it does nothing.
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
      const noLessons = `No lessons here: start JupyterLab in the course's folder, with ${RELEASES}/ in it.`;
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
      [...this._list.querySelectorAll("button")].find(({ title }) => title === focused)?.focus();
    }
  }

  return {
    id: "finetuning-course-quiz:lessons",
    description: "Lists the lessons of the fine-tuning course with the points reached; names their tabs.",
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
