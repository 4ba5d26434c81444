"""Make the pages of the manual that the program shows: docs/manual -> static/manual.

dev/manual [--check]

One source: the Markdown of docs/manual is what the repository shows, its HTML is what
Odoo serves, without internet. Pictures lie with the HTML, the sources point at them.
"""

import re
import sys
from pathlib import Path

import markdown

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "docs" / "manual"
PAGES = ROOT / "static" / "manual"
PICTURES = "../../static/manual/"
TEMPLATE = """<!DOCTYPE html>
<html lang="es">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="../description/icon.svg">
<link rel="stylesheet" href="manual.css">
</head>
<body>
<nav><a href="index.html">Manual de ventas</a></nav>
<main>
{body}
</main>
</body>
</html>
"""


def page_name(source):
    """:return: name of the page made from a source, or that a link to it points at

    >>> page_name("README.md"), page_name("mi-dia.md")
    ('index.html', 'mi-dia.html')
    """
    return "index.html" if source == "README.md" else f"{Path(source).stem}.html"


def page(text):
    """:return: the HTML of a page whose Markdown is ``text``"""
    text = text.replace(PICTURES, "")
    text = re.sub(r"\]\(([\w-]+\.md)\)", lambda m: f"]({page_name(m[1])})", text)
    title = text.partition("\n")[0].removeprefix("# ")
    body = markdown.markdown(text, output_format="html")
    return TEMPLATE.format(title=title, body=body)


def pages():
    """:return: what each page has to be, by its path"""
    return {
        PAGES / page_name(source.name): page(source.read_text())
        for source in sorted(SOURCES.glob("*.md"))
    }


def main():
    wanted = pages()
    there = {path: path.read_text() for path in PAGES.glob("*.html")}
    stale = sorted(
        path.name for path in {*wanted, *there} if wanted.get(path) != there.get(path)
    )
    if "--check" in sys.argv:
        if stale:
            sys.exit(f"error: run make manual, it changes {', '.join(stale)}")
        return
    for path in there.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
    print(f"==> {len(wanted)} pages in {PAGES}", file=sys.stderr)


if __name__ == "__main__":
    main()
