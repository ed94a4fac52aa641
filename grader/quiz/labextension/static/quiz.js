// @ts-check
//
// Draws a quiz as a notebook output. The notebook document is the only truth: a choice is written into
// the answer cell, and what is drawn as chosen is what that cell says.

import { lineFor, readLetter, smallestEdit, withLetter } from "./answers.js";
import { CheckCell, tellKernel } from "./checked.js";

const MIME_TYPE = "application/vnd.finetuning-course.quiz.v1+json";
const LETTERS = "ABCDE";

/**
 * A tree made by grader/quiz/markup.py: text, or a tag and children.
 *
 * @typedef {string | [string, ...any[]]} Tree
 */
/**
 * What grader/quiz/published.py gives to the output, and what of it is sealed.
 *
 * @typedef {{ id: string, points?: number, prompt: Tree[], body: Tree[], options: Tree[][] }} QuestionData
 * @typedef {{ answer: string, feedback: Tree[][], steps: Tree[][], quick_check: Tree[],
 *   common_mistakes: Tree[][] }} Secret
 * @typedef {{ title: string, answer_cell: string, dict_name: string, graded: boolean, sealed?: string,
 *   questions: QuestionData[] }} QuizData
 */
/**
 * What this file uses of the application's own classes.
 *
 * @typedef {{ connect: (slot: () => void) => void, disconnect: (slot: () => void) => void }} Signal
 * @typedef {{ changed: Signal, getSource: () => string,
 *   updateSource: (start: number, end: number, text: string) => void,
 *   undoManager?: { stopCapturing: () => void } | null }} SharedCell
 * @typedef {{ type: string, sharedModel: SharedCell, getMetadata: (name: string) => any }} Cell
 * @typedef {{ readOnly: boolean, cells: Iterable<Cell> & { changed: Signal } }} Notebook
 * @typedef {{ parent: LabWidget | null, model?: any, sessionContext?: any }} LabWidget
 * @typedef {LabWidget & { node: HTMLElement, isDisposed: boolean, isAttached: boolean,
 *   addClass: (name: string) => void }} BaseWidget
 */

// ------------------------------------------------------------------------------------------ elements

/**
 * An element with properties (`className`, `hidden`) or attributes (`role`, `aria-…`) and children.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name in node && name !== "role") Object.assign(node, { [name]: value });
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** @type {Set<string>} */
const TAGS = new Set(["p", "pre", "code", "strong", "em", "ul", "ol", "li", "br"]);

/**
 * DOM of trees: strings become text, known tags elements, nothing else.
 *
 * @param {Tree[]} nodes
 * @returns {Node[]}
 */
function draw(nodes) {
  return nodes.map((node) => {
    if (typeof node === "string") return document.createTextNode(node);
    const [tag, ...children] = node;
    const known = /** @type {keyof HTMLElementTagNameMap} */ (TAGS.has(tag) ? tag : "span");
    return element(known, {}, ...draw(children));
  });
}

/** @param {string} text */
function drawCode(text) {
  return element("code", {}, text);
}

// ------------------------------------------------------------------------------------------ document

/** The answer cell of a quiz: found, followed, read and written. */
class AnswerCell {
  /** @param {QuizData} data @param {() => void} onChange */
  constructor(data, onChange) {
    this._data = data;
    this._onChange = onChange;
    /** @type {Notebook | null} */
    this._notebook = null;
    /** @type {Cell | null} */
    this._cell = null;
    /** @type {any} */
    this._session = null;
    this._told = "";
    this.check = new CheckCell(data.answer_cell.replace(/-answers$/, ""), onChange);
    // Cells may be cut, pasted or reloaded; look again whenever the list changes.
    this._onCells = () => {
      this._follow();
      this._onChange();
    };
  }

  /** Walk from the output up to the notebook that holds it, and to its kernel. @param {LabWidget} widget */
  connect(widget) {
    for (let parent = widget.parent; parent && !this._session; parent = parent.parent) {
      if (parent.model?.cells) this._notebook ??= parent.model;
      if (this._notebook) this._session = parent.sessionContext ?? null;
    }
    this.check.connect(this._notebook);
    this._notebook?.cells.changed.connect(this._onCells);
    this._follow();
  }

  disconnect() {
    this._notebook?.cells.changed.disconnect(this._onCells);
    this._notebook = this._session = null;
    this._told = "";
    this.check.connect(null);
    this._follow();
  }

  /** Tell the kernel what stands here: its check sees only what stood here when the cell was run. */
  tell() {
    const { answer_cell: cell, questions } = this._data;
    const letters = Object.fromEntries(questions.map(({ id }) => [id, this.letter(id)]));
    const kernel = this._session?.session?.kernel;
    const text = JSON.stringify(letters);
    if (!kernel || !this._cell || text === this._told) return;
    this._told = text;
    tellKernel(kernel, { cell, letters });
  }

  /** Whether the last check saw other letters than stand here; null where there was no check. */
  get isAheadOfCheck() {
    const seen = this.check.letters;
    return (
      seen &&
      this._data.questions.some(({ id }) => {
        const letter = this.letter(id);
        return letter !== null && letter !== (seen[id] ?? "");
      })
    );
  }

  _follow() {
    const cell = this._find();
    if (cell === this._cell) return;
    this._cell?.sharedModel.changed.disconnect(this._onChange);
    this._cell = cell;
    this._cell?.sharedModel.changed.connect(this._onChange);
  }

  _find() {
    for (const cell of this._notebook?.cells ?? []) {
      const isAnswer = cell.getMetadata("nbgrader")?.grade_id === this._data.answer_cell;
      if (isAnswer && cell.type === "code") return cell;
    }
    return null;
  }

  get source() {
    return this._cell?.sharedModel.getSource() ?? "";
  }

  /** Why a choice cannot be written, in words for the student; "" where it can. */
  get obstacle() {
    if (!this._notebook) return "This view is not connected to the notebook.";
    if (!this._cell) return "The answer cell of this quiz is no longer in the notebook.";
    if (this._notebook.readOnly || this._cell.getMetadata("editable") === false) {
      return "The answer cell is read-only.";
    }
    const { dict_name: name, questions } = this._data;
    if (withLetter(this.source, name, questions[0].id, "A") === null) {
      return `The answer cell no longer holds a complete dict: write ${name} = { } there again.`;
    }
    return "";
  }

  /** @param {string} id */
  letter(id) {
    return readLetter(this.source, this._data.dict_name, id);
  }

  /** Write one choice as one step that undo takes back. @param {string} id @param {string} letter */
  write(id, letter) {
    const before = this.source;
    const after = withLetter(before, this._data.dict_name, id, letter);
    if (after === null || after === before || !this._cell) return;
    const { sharedModel } = this._cell;
    const { start, end, text } = smallestEdit(before, after);
    // Edits within half a second are otherwise undone together.
    sharedModel.undoManager?.stopCapturing();
    sharedModel.updateSource(start, end, text);
    sharedModel.undoManager?.stopCapturing();
  }
}

// ---------------------------------------------------------------------------------------------- keys

/**
 * Keep plain keys inside `root`: with a radio button focused, the notebook would take B for "insert a
 * cell" and D D for "delete it". Notebook 7 listens on document while capturing, so only a capturing
 * listener on window comes early enough. Chords, Tab and Shift+Enter go on to the application; nothing
 * is prevented here, so arrows and Space keep their native meaning.
 *
 * @param {HTMLElement} root
 * @param {(event: KeyboardEvent) => void} onPlainKey
 * @returns {() => void} ends it
 */
function keepKeysInside(root, onPlainKey) {
  /** @param {KeyboardEvent} event */
  function listen(event) {
    if (!(event.target instanceof Node) || !root.contains(event.target)) return;
    const isChord = event.ctrlKey || event.metaKey || event.altKey;
    if (isChord || event.key === "Tab" || (event.shiftKey && event.key === "Enter")) return;
    event.stopPropagation();
    onPlainKey(event);
  }
  window.addEventListener("keydown", listen, true);
  return () => window.removeEventListener("keydown", listen, true);
}

// ------------------------------------------------------------------------------------------ question

let counter = 0;

/** One question: a radio group, the feedback under the chosen option, and the worked solution. */
class QuestionView {
  /**
   * @param {QuestionData} data
   * @param {number} number
   * @param {number} total
   * @param {Secret | undefined} secret key, feedback and solution; undefined where they are withheld
   * @param {(letter: string) => void} onChoose
   */
  constructor(data, number, total, secret, onChoose) {
    this._data = data;
    this._secret = secret;
    this._id = `ftq-${(counter += 1)}`;
    this._choose = onChoose;
    this._options = data.options.map((nodes, i) => this._drawOption(nodes, LETTERS[i]));
    this._status = element("p", { className: "ftq-status", role: "status", "aria-live": "polite" });
    this._solution = element("div", { className: "ftq-solution", hidden: true });
    if (secret) this._solution.append(...drawSolution(secret));
    this.letter = "";
    this._said = "";

    const points = data.points ? ` · ${data.points} ${data.points === 1 ? "point" : "points"}` : "";
    const body = element("div", { className: "ftq-body", id: `${this._id}-body` }, ...draw(data.body));
    this.node = element(
      "fieldset",
      {
        className: "ftq-question",
        role: "radiogroup",
        "aria-describedby": data.body.length ? body.id : undefined,
      },
      element(
        "legend",
        { className: "ftq-legend" },
        element("span", { className: "ftq-number" }, `Question ${number} of ${total}${points}`),
        element("span", { className: "ftq-prompt" }, ...draw(data.prompt)),
      ),
      ...(data.body.length ? [body] : []),
      element("div", { className: "ftq-options" }, ...this._options.map(({ row }) => row)),
      this._status,
      this._solution,
    );
  }

  get isRight() {
    return this.letter !== "" && this.letter === this._secret?.answer;
  }

  /** Choose by letter key, or the focused option by Enter. @param {KeyboardEvent} event */
  onPlainKey(event) {
    if (!(event.target instanceof HTMLInputElement) || event.repeat) return;
    const letter = event.key === "Enter" ? event.target.value : event.key.toUpperCase();
    const option = this._options.find((each) => each.letter === letter);
    if (!option) return;
    event.preventDefault();
    option.input.focus();
    this._choose(letter);
  }

  /**
   * Show what the document says.
   *
   * @param {string | null} letter the chosen one; "" for none; null where the answer cell holds other things
   * @param {boolean} canWrite whether a click reaches the notebook, or the student has to type
   */
  show(letter, canWrite) {
    const option = this._options.find((each) => each.letter === letter);
    this.letter = option ? option.letter : "";
    for (const each of this._options) this._showOption(each, each === option);
    this._solution.hidden = !option;
    this._say(option || letter === "" ? letter : null, canWrite);
  }

  /** @param {Tree[]} nodes @param {string} letter */
  _drawOption(nodes, letter) {
    const id = `${this._id}-${letter}`;
    const input = element("input", { type: "radio", name: this._id, value: letter, id });
    input.addEventListener("change", () => this._choose(letter));
    const label = element(
      "label",
      { htmlFor: id },
      element("span", { className: "ftq-letter" }, letter),
      element("span", { className: "ftq-text" }, ...draw(nodes)),
    );
    const feedback = element("div", { className: "ftq-feedback", id: `${id}-feedback`, hidden: true });
    const row = element("div", { className: "ftq-option" }, input, label, feedback);
    return { letter, input, feedback, row };
  }

  /** @param {ReturnType<QuestionView["_drawOption"]>} option @param {boolean} isChosen */
  _showOption({ letter, input, feedback, row }, isChosen) {
    const secret = this._secret;
    const showsFeedback = isChosen && secret !== undefined;
    const isRight = letter === secret?.answer;
    input.checked = isChosen;
    row.classList.toggle("ftq-chosen", isChosen);
    row.classList.toggle("ftq-right", showsFeedback && isRight);
    row.classList.toggle("ftq-wrong", showsFeedback && !isRight);
    if (feedback.hidden !== showsFeedback) return; // as it was: leave what a screen reader may be reading
    feedback.hidden = !showsFeedback;
    feedback.replaceChildren();
    input.removeAttribute("aria-describedby");
    if (!isChosen || !secret) return;
    input.setAttribute("aria-describedby", feedback.id);
    feedback.append(
      element("span", { className: "ftq-badge", "aria-hidden": "true" }, isRight ? "✓" : "✗"),
      element(
        "div",
        {},
        element("strong", {}, isRight ? "Right. " : "Not quite. "),
        ...draw(secret.feedback[LETTERS.indexOf(letter)]),
      ),
    );
  }

  /** @param {string | null} letter @param {boolean} canWrite */
  _say(letter, canWrite) {
    const key = `${letter} ${canWrite}`;
    if (key === this._said) return;
    this._said = key;
    const verdict = this._secret && letter ? (this.isRight ? "Right. " : "Not quite. ") : "";
    const spoken = element("span", { className: "ftq-spoken" }, verdict);
    const line = drawCode(lineFor(this._data.id, letter || "A"));
    if (letter && canWrite) {
      this._status.replaceChildren(spoken, "In your notebook: ", line);
    } else if (letter) {
      this._status.replaceChildren(spoken, "Type this line into the answer cell: ", line);
    } else if (letter === null) {
      const letters = this._options.map((option) => option.letter).join(", ");
      this._status.replaceChildren(`The answer cell holds something other than one of ${letters} here.`);
    } else if (canWrite) {
      this._status.replaceChildren("Not answered yet.");
    } else {
      this._status.replaceChildren("To answer, type a line such as ", line, " into the answer cell.");
    }
  }
}

/** @param {Secret} secret */
function drawSolution({ steps, quick_check: quickCheck, common_mistakes: mistakes }) {
  /** @param {Tree[][]} entries */
  const items = (entries) => entries.map((nodes) => element("li", {}, ...draw(nodes)));
  return [
    element(
      "details",
      {},
      element("summary", {}, "Worked solution"),
      element("ol", {}, ...items(steps)),
      element("p", { className: "ftq-check" }, element("strong", {}, "Quick check. "), ...draw(quickCheck)),
    ),
    element(
      "details",
      {},
      element("summary", {}, "Common mistakes"),
      element("ul", {}, ...items(mistakes)),
    ),
  ];
}

// ---------------------------------------------------------------------------------------------- quiz

/** All questions of one part, a line of progress above them and the next step below. */
class QuizView {
  /** @param {QuizData} data @param {Record<string, Secret> | undefined} secrets by id of the question */
  constructor(data, secrets) {
    this._data = data;
    this._hasKeys = Boolean(secrets);
    /** @type {Record<string, string>} */
    this._local = {}; // choices where no document can take them
    this._cell = new AnswerCell(data, () => this._refresh());
    const total = data.questions.length;
    this._questions = data.questions.map(
      (question, i) =>
        new QuestionView(question, i + 1, total, secrets?.[question.id], (letter) =>
          this._choose(question.id, letter),
        ),
    );
    this._progress = element("p", { className: "ftq-progress" });
    this._marks = data.questions.map(() => element("span", {}));
    this._notice = element("p", { className: "ftq-notice", hidden: true });
    this._next = element("p", { className: "ftq-next", hidden: true });
    this.node = element(
      "section",
      { className: "ftq", "aria-label": data.title },
      element(
        "header",
        { className: "ftq-header" },
        element("p", { className: "ftq-title" }, data.title),
        this._progress,
        element("div", { className: "ftq-marks", "aria-hidden": "true" }, ...this._marks),
      ),
      this._notice,
      ...this._questions.map((question) => question.node),
      this._next,
    );
  }

  /** @param {LabWidget} widget */
  connect(widget) {
    this._cell.connect(widget);
    this._endKeys = keepKeysInside(this.node, (event) => {
      const target = /** @type {Node} */ (event.target);
      this._questions.find(({ node }) => node.contains(target))?.onPlainKey(event);
    });
    this._refresh();
  }

  disconnect() {
    this._endKeys?.();
    this._cell.disconnect();
  }

  /** @param {string} id @param {string} letter */
  _choose(id, letter) {
    if (this._cell.obstacle) this._local[id] = letter;
    else this._cell.write(id, letter);
    this._refresh();
  }

  _refresh() {
    const { obstacle } = this._cell;
    this._data.questions.forEach(({ id }, i) => {
      const written = this._cell.letter(id);
      this._questions[i].show(obstacle && written === "" ? (this._local[id] ?? "") : written, !obstacle);
    });
    if (!obstacle) this._local = {};
    this._notice.hidden = !obstacle;
    this._notice.textContent = obstacle
      ? `${obstacle} You may choose here all the same; what counts is the line you type into the answer cell.`
      : "";
    if (this._data.graded) this._cell.tell();
    this._showProgress();
  }

  _showProgress() {
    const total = this._questions.length;
    const answered = this._questions.filter(({ letter }) => letter).length;
    const right = this._questions.filter((question) => question.isRight).length;
    const score = this._hasKeys && answered ? ` · ${right} right` : "";
    this._progress.textContent = `${answered} of ${total} answered${score}`;
    this._marks.forEach((mark, i) => mark.classList.toggle("ftq-done", this._questions[i].letter !== ""));
    const ahead = this._cell.isAheadOfCheck;
    this._next.hidden = !this._data.graded || (answered < total && !ahead);
    if (ahead) {
      this._next.textContent =
        "The last check saw other answers than these: run the answer cell, then the check again.";
    } else if (ahead === false) {
      this._next.textContent = this._hasKeys ? `Checked: ${right} of ${total} right.` : "Checked.";
    } else {
      this._next.textContent = "All answered. Run the two cells below to have your answers checked.";
    }
  }
}

// ------------------------------------------------------------------------------------------- sealing

/** What grader/quiz/sealing.py sealed: base64 of zlib-compressed JSON. @param {string} text */
async function unseal(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// -------------------------------------------------------------------------------------------- plugin

/**
 * The JupyterLab plugin; `Widget` and `IRenderMimeRegistry` are the application's own.
 *
 * @param {new () => BaseWidget} Widget
 * @param {any} IRenderMimeRegistry
 */
export function createPlugin(Widget, IRenderMimeRegistry) {
  class QuizRenderer extends Widget {
    constructor() {
      super();
      this.addClass("ftq-output");
    }

    /** @param {{ data: Record<string, any> }} model */
    async renderModel(model) {
      const data = model.data[MIME_TYPE];
      const secrets = data.sealed ? await unseal(data.sealed) : undefined;
      if (this.isDisposed) return;
      this._view?.disconnect();
      this._view = new QuizView(data, secrets);
      this.node.replaceChildren(this._view.node);
      if (this.isAttached) this._view.connect(this);
    }

    // Only once attached does the chain of parents reach the notebook.
    onAfterAttach() {
      this._view?.connect(this);
    }

    onBeforeDetach() {
      this._view?.disconnect();
    }
  }

  return {
    id: "finetuning-course-quiz:plugin",
    description: "Draws the quizzes of the fine-tuning course.",
    autoStart: true,
    requires: [IRenderMimeRegistry],
    activate: (/** @type {unknown} */ _app, /** @type {any} */ rendermime) => {
      const factory = { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new QuizRenderer() };
      rendermime.addFactory(factory, 0);
    },
  };
}
