"""Check the add-on's XML files, or rewrite their indentation with --fix.

Checked: well-formed; a data file fits Odoo's schema; first line; final newline; no
tabs, no trailing blanks; a tag that begins a line is indented by four spaces a level,
an attribute that begins a line by four more than its tag; ` />` ends an empty element.
"""

import re
import subprocess
import sys
from pathlib import Path
from xml.parsers import expat

from lxml import etree

import odoo

DECLARATION = '<?xml version="1.0" encoding="utf-8" ?>'
SCHEMA = Path(odoo.__path__[0]) / "import_xml.rng"
STEP = 4


def our_files():
    command = ["git", "ls-files", "-co", "--exclude-standard", "*.xml"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    return [path for path in map(Path, listed.stdout.split("\n")) if path.is_file()]


class Layout:
    """Where the lines of a file should begin: `indents` by line number, from 0."""

    def __init__(self, text):
        self.lines = text.split("\n")
        self.depth = 0
        self.verbatim = 0  # how many open elements keep their white space
        self.indents = {}
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CommentHandler = lambda _data: self.place(self.depth)
        self.parser.Parse(text.encode(), True)

    def place(self, depth):
        line = self.parser.CurrentLineNumber - 1
        begins_line = not self.lines[line][: self.parser.CurrentColumnNumber].strip()
        if begins_line and not self.verbatim:
            self.indents[line] = depth * STEP
        return line

    def start(self, name, attributes):
        line = self.place(self.depth)
        self.place_attributes(line, self.parser.CurrentColumnNumber)
        self.depth += 1
        if name == "pre" or attributes.get("xml:space") == "preserve" or self.verbatim:
            self.verbatim += 1

    def end(self, _name):
        if self.verbatim:
            self.verbatim -= 1
        self.depth -= 1
        line = self.parser.CurrentLineNumber - 1
        if self.lines[line].lstrip().startswith("</"):
            self.place(self.depth)

    def place_attributes(self, line, column):
        """Place the lines of a start tag, but not those within an attribute's value."""
        quote = None
        text = self.lines[line][column:]
        while True:
            for character in text:
                if quote:
                    quote = None if character == quote else quote
                elif character in "\"'":
                    quote = character
                elif character == ">":
                    return
            line += 1
            text = self.lines[line]
            if quote is None and not self.verbatim:
                closing = text.lstrip().startswith((">", "/>"))
                self.indents[line] = (self.depth + (not closing)) * STEP

    def fixed(self):
        lines = [
            " " * self.indents[number] + line.strip()
            if number in self.indents
            else line.rstrip()
            for number, line in enumerate(self.lines)
        ]
        text = "\n".join(lines).rstrip() + "\n"
        return re.sub(r"([\w\"'])/>", r"\1 />", text)


def problems(path, text):
    layout = Layout(text)
    for number, (old, new) in enumerate(
        zip(text.split("\n"), layout.fixed().split("\n"), strict=False), 1
    ):
        if old != new:
            yield f"{path}:{number}: layout"
    if "\t" in text:
        yield f"{path}: holds a tab"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield f"{path}: should end with one newline"
    root = etree.fromstring(text.encode())
    if root.tag == "odoo":
        if not text.startswith(DECLARATION + "\n"):
            yield f"{path}:1: should be {DECLARATION}"
        schema = etree.RelaxNG(etree.parse(SCHEMA))
        if not schema.validate(root):
            yield from (f"{path}:{e.line}: {e.message}" for e in schema.error_log)


def main(fix):
    found = []
    for path in our_files():
        text = path.read_text()
        try:
            if fix:
                path.write_text(Layout(text).fixed())
            else:
                found += problems(path, text)
        except (expat.ExpatError, etree.XMLSyntaxError) as error:
            found.append(f"{path}: {error}")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main("--fix" in sys.argv[1:]))
