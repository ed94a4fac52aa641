// @ts-check
//
// What the card has to do with the check below it. The check judges what the answer cell held when it was
// last run: the kernel is told what stands there now, and the card reads what the last check saw.

const TARGET = "finetuning-course-quiz"; // as in grader/quiz/standing_letters.py
const EVIDENCE = "application/vnd.finetuning-course.evidence";

/**
 * What this file uses of the application's own classes.
 *
 * @typedef {{ connect: (slot: () => void) => void, disconnect: (slot: () => void) => void }} Signal
 * @typedef {{ length: number, changed: Signal, get: (index: number) => { data: Record<string, any> } }} Outputs
 * @typedef {{ type: string, outputs?: Outputs, getMetadata: (name: string) => any }} Cell
 * @typedef {{ cells: Iterable<Cell> & { changed: Signal } }} Notebook
 * @typedef {{ isDisposed: boolean, open: (data: object) => unknown, send: (data: object) => unknown }} Comm
 * @typedef {{ handleComms: boolean, createComm: (target: string) => Comm }} Kernel
 * @typedef {Record<string, string | null>} Letters by question; "" or null for none
 */

/** @type {WeakMap<Kernel, Comm>} */
const comms = new WeakMap();

/**
 * Tell a kernel which letters stand in an answer cell.
 *
 * @param {Kernel | null | undefined} kernel
 * @param {{ cell: string, letters: Letters }} data
 */
export function tellKernel(kernel, data) {
  if (!kernel?.handleComms) return;
  const open = comms.get(kernel);
  if (open && !open.isDisposed) {
    open.send(data);
    return;
  }
  // A restarted kernel has forgotten it; one that has not run the quiz's cell yet closes it again.
  const comm = kernel.createComm(TARGET);
  comms.set(kernel, comm);
  comm.open(data);
}

/** The check's cell of a quiz: found, followed and read. */
export class CheckCell {
  /** @param {string} gradeId @param {() => void} onChange */
  constructor(gradeId, onChange) {
    this._gradeId = gradeId;
    this._onChange = onChange;
    /** @type {Notebook | null} */
    this._notebook = null;
    /** @type {Cell | null} */
    this._cell = null;
    this._onCells = () => this._follow();
  }

  /** @param {Notebook | null} notebook */
  connect(notebook) {
    this._notebook?.cells.changed.disconnect(this._onCells);
    this._notebook = notebook;
    this._notebook?.cells.changed.connect(this._onCells);
    this._follow();
  }

  _follow() {
    this._cell?.outputs?.changed.disconnect(this._onChange);
    this._cell = null;
    for (const cell of this._notebook?.cells ?? []) {
      if (cell.type === "code" && cell.getMetadata("nbgrader")?.grade_id === this._gradeId) this._cell = cell;
    }
    this._cell?.outputs?.changed.connect(this._onChange);
  }

  /** The letters that the last check saw; null where there was none. @returns {Letters | null} */
  get letters() {
    const outputs = this._cell?.outputs;
    for (let i = 0; i < (outputs?.length ?? 0); i += 1) {
      const evidence = outputs?.get(i).data[EVIDENCE];
      try {
        if (evidence) return JSON.parse(evidence).evidence.letters ?? null;
      } catch {
        return null; // not what our check writes
      }
    }
    return null;
  }
}
