// @ts-check
//
// What a saved notebook says of the points reached: the same rules as grader/progress/saved_notebook.py,
// and tests/progress/cases.json holds both to them. Pure functions on JSON: no document, no DOM.

/**
 * One check: the heading above it, what it is worth, and what it gave; null if it gave no number.
 *
 * @typedef {{ name: string, max_points: number, points: number | null }} Check
 */
/**
 * begun: a cell has run; open: what is left, one entry a check.
 *
 * @typedef {{ title: string, begun: boolean, reached: number, total: number, checks: Check[],
 *   open: string[] }} LessonState
 */

const NUMBER = /^[0-9]{1,6}(\.[0-9]{1,20})?$/;
const HEADING = /^#{1,6} +(.+)/;

/** Four digits at most: 7.333, not 7.333333333333333. @param {number} value */
export function shortNumber(value) {
  return String(Number(value.toPrecision(4)));
}

/** @param {unknown} value @returns {Record<string, any> | null} an object that is no list */
function asObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}

/** Text that a file may hold as a list of lines. @param {unknown} lines */
function textOf(lines) {
  if (Array.isArray(lines)) return lines.filter((line) => typeof line === "string").join("");
  return typeof lines === "string" ? lines : "";
}

/** Headings without marks of emphasis; lines of a code block are none. @param {string} source */
function headingsOf(source) {
  let fenced = false;
  /** @type {string[]} */
  const found = [];
  for (const line of source.split("\n")) {
    const heading = line.match(HEADING)?.[1].replace(/[`*]/g, "").trim();
    if (line.startsWith("```")) fenced = !fenced;
    else if (!fenced && heading) found.push(heading);
  }
  return found;
}

/** nbgrader's name of a graded cell and its points. @param {Record<string, any>} cell */
function worthOf(cell) {
  const marks = asObject(asObject(cell.metadata)?.nbgrader);
  if (marks?.grade !== true || typeof marks.grade_id !== "string") return null;
  const most = marks.points;
  return typeof most === "number" && most >= 0 && most < 1e6 ? { id: marks.grade_id, most } : null;
}

/**
 * The number that the last result shows, as nbgrader takes it for partial credit; at most `most`.
 *
 * @param {unknown} outputs
 * @param {number} most
 */
function pointsOf(outputs, most) {
  const results = (Array.isArray(outputs) ? outputs : []).filter(
    (output) => asObject(output)?.output_type === "execute_result",
  );
  const text = textOf(asObject(results.at(-1)?.data)?.["text/plain"]);
  return NUMBER.test(text) ? Math.min(Number(text), most) : null;
}

/** As a list of open parts has it, such as "Quiz (7 of 10)". @param {Check} check */
function told({ name, max_points: most, points }) {
  return `${name} (${points === null ? "not checked" : `${shortNumber(points)} of ${shortNumber(most)}`})`;
}

/**
 * The state of a lesson; null if this is no notebook. Of copies of a check the last that gave a number
 * counts.
 *
 * @param {unknown} notebook
 * @returns {LessonState | null}
 */
export function readNotebook(notebook) {
  const cells = asObject(notebook)?.cells;
  if (!Array.isArray(cells)) return null;
  let title = "";
  let heading = "";
  let begun = false;
  /** @type {Map<string, Check>} */
  const byId = new Map();
  for (const cell of cells.map(asObject)) {
    if (cell?.cell_type === "markdown") {
      const headings = headingsOf(textOf(cell.source));
      title ||= headings[0] ?? "";
      heading = headings.at(-1) ?? heading;
    }
    if (cell?.cell_type !== "code") continue;
    begun ||= Boolean(cell.execution_count || (Array.isArray(cell.outputs) && cell.outputs.length));
    const worth = worthOf(cell);
    if (!worth) continue;
    const points = pointsOf(cell.outputs, worth.most);
    const known = byId.get(worth.id);
    const name = known?.name ?? (heading || worth.id);
    if (!known || points !== null) byId.set(worth.id, { name, max_points: worth.most, points });
  }
  const checks = [...byId.values()];
  const open = checks.filter(({ points, max_points: most }) => points === null || points < most);
  return {
    title,
    begun,
    checks,
    reached: checks.reduce((sum, { points }) => sum + (points ?? 0), 0),
    total: checks.reduce((sum, { max_points: most }) => sum + most, 0),
    open: open.map(told),
  };
}

/** What is open in words, or why there is nothing to say. @param {LessonState} state */
export function whatIsLeft({ checks, begun, open }) {
  if (!checks.length) return ["It holds no checks: fetch a fresh copy of the lesson."];
  if (!begun) return ["Not begun."];
  return open.length ? open : ["Done."];
}
