"""What the site adds to the Markdown of the repository, so that a page reads as well there as on a code host.

Pages that stand beside the code (``README.md``, ``models/README.md``) join the site, pages of the reference are made
from the registries, and links lead to the page of the site that shows their target.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:  # `mike` and `mkdocs` as commands do not look in the folder in which they run
    sys.path.insert(0, str(ROOT))

from docs.site.reference import PACKAGE, packages, pages  # noqa: E402

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

BESIDE_THE_CODE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "fixtures/README.md": "phantoms.md",
    "models/README.md": "models.md",
    "validations/README.md": "suites.md",
}
"""Pages outside ``docs/``, and what they are called on the site."""

FOR_DISKS = "https://unpkg.com/iframe-worker/shim"
"""What the theme fetches for pages that are opened from a disk; ``iframe-worker.js`` beside this file is the same."""

_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:)([^)\s#]*)(#[^)\s]*)?\)")
_ATTRIBUTES_OF_A_FENCE = re.compile(r"^```(\w+) (\S+)$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages that are made from the code."""
    made = [uri for uri, _ in pages()]
    records = [uri for uri in made if uri.startswith("reference/editproof-")]
    for heading, part in ((heading, part) for section in config.nav or () for heading, part in section.items()):
        if heading == "Reference":
            part.extend(records)
    config.nav.insert(-1, {"Python": [uri for uri in made if uri.startswith("python/")]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand beside the code, and those made from the registries."""
    for source, uri in BESIDE_THE_CODE.items():
        files.append(File.generated(config, uri, content=(ROOT / source).read_text(encoding="utf-8")))
    for uri, content in pages():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where the site shows their targets, and say above a block which file it is."""
    uri = page.file.src_uri
    prose = _FENCE.split(markdown)
    prose[::2] = [_LINK.sub(lambda link: _led(link, uri), text) for text in prose[::2]]
    return _ATTRIBUTES_OF_A_FENCE.sub(r'```\1 title="\2"', "".join(prose))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Take from the site itself what the theme would fetch from elsewhere."""
    return output.replace(FOR_DISKS, relpath("site/iframe-worker.js", PurePosixPath(page.file.src_uri).parent))


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page of a missing page."""
    return output_content.replace(FOR_DISKS, "site/iframe-worker.js")


def _led(link: re.Match[str], uri: str) -> str:
    """A link as the site has it; of a target that it does not show, the words alone."""
    picture, words, target, heading = link[1], link[2], link[3], link[4] or ""
    if not target or uri.startswith(("reference/", "python/")):
        return link[0]
    place = place_of(normpath(PurePosixPath(source_of(uri)).parent / target))
    if not place:
        return words
    return f"{picture}[{words}]({relpath(place, PurePosixPath(uri).parent)}{'' if '#' in place else heading})"


def source_of(uri: str) -> str:
    """The file of the repository that a page of the site is made of."""
    return {place: source for source, place in BESIDE_THE_CODE.items()}.get(uri, f"docs/{uri}")


def place_of(source: str) -> str:
    """Where the site shows a file of the repository; empty where it does not."""
    if source in BESIDE_THE_CODE:
        return BESIDE_THE_CODE[source]
    if source in {f"{path.removesuffix('/README.md')}" for path in BESIDE_THE_CODE}:
        return BESIDE_THE_CODE[f"{source}/README.md"]
    path = ROOT / source
    if path.is_relative_to(PACKAGE) and path.suffix == ".py":
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        room = module.split(".")[1]
        return f"python/{room}.md#{module}" if room in packages() else ""
    if source.startswith("docs/") and path.suffix in {".md", ".png", ".html"}:
        return source.removeprefix("docs/")
    if source.startswith("docs/") and (path / "README.md").is_file():
        return f"{source.removeprefix('docs/')}/README.md"
    return ""
