"""One output that is redrawn while a network trains."""

import nbformat
from nbclient import NotebookClient

from grader.lab import live_plot
from grader.lab.live_plot import LivePlot, learning_curves
from grader.lab.training import History, Score


def test_it_can_be_drawn_without_any_run(monkeypatch):
    drawn = []
    monkeypatch.setattr(live_plot, "display", lambda picture, display_id: drawn.append(picture))
    LivePlot(0.69).finish()
    assert len(drawn) == 1


def test_learning_curves_tell_where_each_run_ends():
    history = History("scratch", [1.0, 0.5], [0.1, 0.2], 64, {2: Score(0.75, 0.7, 100)})
    words = learning_curves([history], 0.69)._repr_mimebundle_()["text/plain"]
    assert "scratch ends at 75.0%" in words
    assert "68" not in words
    assert "69.0%" in words


def test_the_live_plot_redraws_one_output():
    """Under nbclient, as under nbconvert: one figure, the last."""
    source = (
        "from grader.lab.live_plot import LivePlot\n"
        "from grader.lab.training import History, Score\n"
        "plot = LivePlot(0.69, interval=0)\n"
        "history = History('scratch')\n"
        "for step in range(1, 4):\n"
        "    history.loss.append(1 / step)\n"
        "    history.scores[step] = Score(0.7 + step / 100, 0.6, 10)\n"
        "    plot(history)\n"
        "plot.finish()"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert "scratch ends at 73.0%" in output.data["text/plain"]
