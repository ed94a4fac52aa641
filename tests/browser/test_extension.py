"""How the application loads the extension: the repository's, with the packages that are loaded already."""

import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import grader.quiz

pytestmark = pytest.mark.slow

STATIC = Path(grader.quiz.__file__).parent / "labextension" / "static"
SCOPE = """
  const loads = [];
  const version = (name, number, loaded) => ({
    loaded,
    get: async () => {
      loads.push(`${name} ${number}`);
      return () => ({ Widget: class {}, IRenderMimeRegistry: number });
    },
  });
"""


def test_the_browser_tests_drive_the_repositorys_extension(server: Any) -> None:
    base = f"{server.url}/lab/extensions/finetuning-course-quiz/static"
    for path in sorted(STATIC.iterdir()):
        with urllib.request.urlopen(f"{base}/{path.name}?token=browser-tests", timeout=10) as served:
            assert served.read() == path.read_bytes(), path.name
    # Only the copy that the tests laid out holds this file: an installed extension may be the same by luck.
    urllib.request.urlopen(f"{base}/from_source.txt?token=browser-tests", timeout=10).close()


def loads(browser: Browser, server: Any, rendermime: str) -> list[str]:
    """Which versions the container asks for, where the application shares these of rendermime."""
    page = browser.new_page()
    page.goto(f"{server.url}/lab/extensions/finetuning-course-quiz/package.json?token=browser-tests")
    page.add_script_tag(url="static/remoteEntry.js")
    found = page.evaluate(
        f"""async () => {{
          {SCOPE}
          const container = window._JUPYTERLAB["finetuning-course-quiz"];
          container.init({{
            "@lumino/widgets": {{ "2.7.0": version("widgets", "2.7.0", true) }},
            "@jupyterlab/rendermime": {rendermime},
          }});
          try {{
            const [plugin] = (await container.get("./extension"))().default;
            return [...loads, `requires ${{plugin.requires}}`];
          }} catch (error) {{
            return [error.message];
          }}
        }}"""
    )
    page.close()
    return found


@pytest.mark.parametrize(
    ("rendermime", "chosen"),
    [
        pytest.param(
            '{"4.4.0": version("rendermime", "4.4.0", 1), "4.10.0": version("rendermime", "4.10.0")}',
            "4.4.0",
            id="the loaded one, not the newest",
        ),
        pytest.param(
            '{"4.9.0": version("rendermime", "4.9.0"), "4.10.0": version("rendermime", "4.10.0")}',
            "4.10.0",
            id="the newest where none is loaded",
        ),
        pytest.param(
            '{"4.9.0": version("rendermime", "4.9.0", 1), "4.10.0": version("rendermime", "4.10.0", 1)}',
            "4.10.0",
            id="the newest of the loaded",
        ),
    ],
)
def test_the_version_that_is_loaded_is_taken(
    browser: Browser, server: Any, rendermime: str, chosen: str
) -> None:
    assert loads(browser, server, rendermime) == [
        "widgets 2.7.0",
        f"rendermime {chosen}",
        f"requires {chosen}",
    ]


def test_a_package_that_is_not_shared_is_named(browser: Browser, server: Any) -> None:
    [message] = loads(browser, server, "{}")
    assert message == "finetuning-course-quiz: the application does not share @jupyterlab/rendermime"
