// @ts-check
//
// "Reset this answer", with a right click on a cell: the released text again, which the release keeps in the
// cell's metadata, and below it what stood there, as a comment. `grader reset` does the same to a saved notebook.

const RELEASED = "released_source"; // as in grader/cell_names.py
const KEPT = "# What stood here before the reset:"; // as in grader/reset_answer.py
const COMMAND = "finetuning-course:reset-answer";

/**
 * What this file uses of the application's own classes.
 *
 * @typedef {{ getSource: () => string, updateSource: (start: number, end: number, text: string) => void,
 *   undoManager?: { stopCapturing: () => void } | null }} SharedCell
 * @typedef {{ sharedModel: SharedCell, getMetadata: (name: string) => any }} Cell
 * @typedef {{ label: string, caption: string, isEnabled: () => boolean, isVisible: () => boolean,
 *   execute: () => void }} Command
 * @typedef {{ shell: { currentWidget: any },
 *   contextMenuHitTest: (test: (node: HTMLElement) => boolean) => HTMLElement | undefined,
 *   commands: { addCommand: (id: string, command: Command) => void },
 *   contextMenu: { addItem: (item: { command: string, selector: string, rank: number }) => void } }} Application
 */

/**
 * The released text, and below it what stood there, as a comment.
 *
 * @param {string} source
 * @param {string} released
 */
export function resetSource(source, released) {
  if (!source.trim()) return released;
  const old = source.trimEnd().split("\n").map((line) => `# ${line}`.trimEnd());
  return `${released}\n\n${KEPT}\n${old.join("\n")}`;
}

/** As one step that undo takes back. @param {Cell} cell */
function reset(cell) {
  const { sharedModel } = cell;
  const source = sharedModel.getSource();
  sharedModel.undoManager?.stopCapturing();
  sharedModel.updateSource(0, source.length, resetSource(source, cell.getMetadata(RELEASED)));
  sharedModel.undoManager?.stopCapturing();
}

/** The plugin of JupyterLab and Notebook 7. */
export function createResetPlugin() {
  return {
    id: "finetuning-course-quiz:reset",
    description: "Gives an answer of the fine-tuning course its released text again.",
    autoStart: true,
    activate: (/** @type {Application} */ app) => {
      /** The cell under the mouse: a right click makes it no active one. @returns {Cell | undefined} */
      const clicked = () => {
        const node = app.contextMenuHitTest((each) => each.classList.contains("jp-Cell"));
        const cells = app.shell.currentWidget?.content?.widgets ?? [];
        return node && cells.find((/** @type {any} */ cell) => cell.node === node)?.model;
      };
      const canBeReset = () => {
        const released = clicked()?.getMetadata(RELEASED);
        return typeof released === "string" && clicked()?.sharedModel.getSource().trim() !== released.trim();
      };
      app.commands.addCommand(COMMAND, {
        label: "Reset This Answer",
        caption: "The released text again; yours stays below it, as a comment",
        isEnabled: canBeReset,
        isVisible: () => typeof clicked()?.getMetadata(RELEASED) === "string",
        execute: () => {
          const cell = clicked();
          if (cell && canBeReset()) reset(cell);
        },
      });
      app.contextMenu.addItem({ command: COMMAND, selector: ".jp-Notebook .jp-CodeCell", rank: 0 });
    },
  };
}
