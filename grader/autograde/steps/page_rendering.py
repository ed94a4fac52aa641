"""nbconvert's exporter of HTML, for a class: what all its pages share is compiled and coloured once.

nbconvert 7.17 compiles its templates anew for each page, colours each cell anew, and reads the finished page
with Beautiful Soup to write a text for pictures that have none: two thirds of the time that a page takes.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any

import jinja2
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode

_PICTURE_WITHOUT_TEXT = re.compile(r"<img\b(?![^>]*\salt=)")
_NO_TEXT = "No description has been provided for this image"  # as nbconvert says it


class _CompiledTemplates(jinja2.BytecodeCache):
    """Templates of this process, by name and text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Any) -> None:
        """Take a template that was compiled before."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Any) -> None:
        """Keep one."""
        self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _CompiledTemplates()


@lru_cache(maxsize=500)
def _coloured(source: str, language: str) -> str:
    """A cell's text in colours; most cells of a class are the lesson's own."""
    return Highlight2HTML(pygments_lexer=language)(source)


def _colour(language: str) -> Callable[..., str]:
    def highlight(source: str, language: str | None = language, metadata: Any = None) -> str:
        language = language or "ipython3"
        if metadata and "magics_language" in metadata:
            return Highlight2HTML(pygments_lexer=language)(source, metadata=metadata)
        return _coloured(source, language)

    return highlight


class SharedPages(HTMLExporter):
    """``HTMLExporter`` with the same pages, made faster where many are made."""

    def _create_environment(self) -> jinja2.Environment:
        environment = super()._create_environment()
        environment.bytecode_cache = _COMPILED
        return environment

    def from_notebook_node(  # type: ignore[override]  # as nbconvert's own exporter of HTML has it
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page as HTML. In the place of ``HTMLExporter``'s own, which this follows."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name")) or "ipython3"
        resources = self._init_resources(resources)
        kinds = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("highlight_code", _colour(lexer))
        self.register_filter("filter_data_type", kinds)
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **options)
        return _PICTURE_WITHOUT_TEXT.sub(f'<img alt="{_NO_TEXT}"', page), resources
