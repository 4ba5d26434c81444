"""From the bytes of a file to its headings and its rows of texts.

*How to use.* ``headings, rows = read(data)``; `rows` yields ``(number, cells, whole)``:
the line in the file where the row begins (the heading is 1), as many texts as there are
headings, and whether they could be told apart. Of a row that is not `whole` the cells
are one text, the line as it stands. What is no such file raises `Unreadable`.

*How it works.* Text is decoded as it is read, a workbook is read row by row: memory is
that of the file. Encoding and separator are found by trying. So is how quotes are
written (`DIALECTS`): PHP's writer, and so vtiger's, does not double a quote that
follows a backslash, and no single dialect reads every such file. The one that leaves
the fewest rows in pieces is taken for the whole file. After a row in pieces reading
goes on with the next line, so that a lost quote costs one row and not the file.

>>> headings, rows = read("Nombre;Importe\\nÁlvarez;1,5\\n".encode("cp1252"))
>>> headings
['Nombre', 'Importe']
>>> list(rows)
[(2, ['Álvarez', '1,5'], True)]
>>> _headings, rows = read(b'a,b,c\\n1,2,3\\n4,5\\n')
>>> list(rows)
[(2, ['1', '2', '3'], True), (3, ['4,5'], False)]
"""

import codecs
import csv
import datetime
import io
import re
import zipfile
from collections import deque

import openpyxl

# Of a file, in bytes; of what a workbook becomes when it is unpacked.
LARGEST = 100 * 1024 * 1024
LARGEST_UNPACKED = 1024 * 1024 * 1024
# Of its parts but the sheets, such as its texts: they are held in memory at once.
LARGEST_PART = 100 * 1024 * 1024
MOST_COLUMNS = 500
# Of a sheet; a workbook may name any number, and the rows before it would be made up.
MOST_ROWS = 2**20
LONGEST_CELL = 100_000
# Lines that one row may have.
MOST_LINES = 1000
SEPARATORS = (",", ";", "\t", "|")
# Rows by which the separator is judged.
TRIED = 50
OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"


class Unreadable(Exception):
    """A file that is none of ours.

    `args[0]` is one of ``empty``, ``large``, ``old`` (XLS, ODS), ``broken``,
    ``columns`` (more than `MOST_COLUMNS`).
    """


def read(data):
    """
    :param bytes data: a CSV file or an XLSX workbook
    :return: list of headings; iterator of (number, cells, whole)
    :raise Unreadable: where it is none, or too large

    >>> headings, rows = read(b"name;city\\nAcme;Getafe\\n")
    >>> headings, [cells for _number, cells, _whole in rows]
    (['name', 'city'], [['Acme', 'Getafe']])
    """
    if len(data) > LARGEST:
        raise Unreadable("large")
    if data.startswith(OLE):
        raise Unreadable("old")
    if not data.strip(b"\0 \r\n\t"):
        raise Unreadable("empty")
    source = _read_workbook(data) if data.startswith(ZIP) else _read_text(data)
    return _split(source)


def _split(source):
    """:return: headings, and an iterator of what is below them"""
    for _number, cells, _whole in source:
        headings = [cell.replace("\0", "").strip() for cell in cells]
        while headings and not headings[-1]:
            headings.pop()
        if not headings:
            continue
        if len(headings) > MOST_COLUMNS:
            raise Unreadable("columns")
        return headings, _below(source, len(headings))
    raise Unreadable("empty")


def _below(source, width):
    for number, cells, whole in source:
        if not any(cell.strip() for cell in cells):
            continue
        if whole:
            cells = [*cells, *[""] * (width - len(cells))][:width]
        yield number, [cell.replace("\0", "") for cell in cells], whole


# === TEXT === #


def encoding(data):
    """
    :return: name of the codec that reads these bytes

    >>> encoding("ñ".encode()), encoding("ñ".encode("cp1252"))
    ('utf-8-sig', 'cp1252')
    >>> encoding("ñ,a".encode("utf-16")), encoding("a,ñ".encode("utf-16-le"))
    ('utf-16', 'utf-16-le')
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:200]
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    for name in ("utf-8-sig", "cp1252"):
        if _decodes(data, name):
            return name
    return "latin-1"


def _decodes(data, name):
    decoder = codecs.getincrementaldecoder(name)()
    size = 1024 * 1024
    try:
        for start in range(0, len(data), size):
            decoder.decode(data[start : start + size])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


class Lines:
    """Lines of a text, which can be given back."""

    def __init__(self, stream):
        self.stream = stream
        self.back = deque()
        self.number = 0
        self.taken = []

    def __iter__(self):
        return self

    def __next__(self):
        if len(self.taken) >= MOST_LINES:
            raise csv.Error("too many lines")
        line = self.back.popleft() if self.back else next(self.stream)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self):
        """All lines but the first of those that were taken."""
        self.number -= len(self.taken) - 1
        self.back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _plain(line, separator):
    return line


def _backslash(line, separator):
    r"""A quote after a backslash belongs to the text, but where the cell ends."""
    ends = re.escape(separator) + r"|[\r\n]|$"
    return re.sub(rf'\\"(?!{ends})', r'\\""', line) if '\\"' in line else line


def _php(line, separator):
    r"""A quote after a backslash always belongs to the text."""
    return line.replace('\\"', '\\""')


# What is done to a line, and whether a quote within a cell is refused.
DIALECTS = ((_plain, True), (_backslash, True), (_php, True), (_plain, False))


def _open(data, codec):
    # an UTF-16 file may end in the middle of a character
    stream = io.TextIOWrapper(
        io.BytesIO(data), encoding=codec, errors="replace", newline=""
    )
    if re.match(r"sep=(.)\r?\n", stream.readline()):  # Excel's own first line
        return stream
    stream.seek(0)
    return stream


def _records(data, codec, separator, dialect):
    """Yield (number, cells, whole); the first one, the headings, says how many cells
    the others have."""
    change, strict = dialect
    lines = Lines(_open(data, codec))
    width = 0
    while True:
        lines.taken = []
        start = lines.number + 1
        reader = csv.reader(
            (change(line, separator) for line in lines),
            delimiter=separator,
            strict=strict,
        )
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        if cells is not None and not any(cells):
            continue
        if cells is not None and width and not any(cells[width:]):
            cells = cells[: max(width, 1)]
        fits = cells is not None and len(cells) == (width or len(cells))
        if fits and all(len(cell) <= LONGEST_CELL for cell in cells):
            width = width or _filled(cells)
            yield start, cells, True
            continue
        if not lines.taken:
            return
        lines.give_back()
        text = lines.taken[0].strip("\r\n")
        yield start, [text[:LONGEST_CELL]], False


def _filled(cells):
    """:return: number of the last cell that holds something"""
    return max(index for index, cell in enumerate(cells, 1) if cell)


def _separator(data, codec):
    """:return: the separator by which most of the first rows have as many cells as
    the headings, and more than one"""
    head = data[:40].decode(codec, "replace").lstrip("\ufeff")
    if match := re.match(r"sep=(.)\r?\n", head):
        return match[1]

    def score(separator):
        records = _records(data, codec, separator, DIALECTS[1])
        width, fit, tried = 0, 0, 0
        for _number, cells, whole in records:
            width = width or len(cells)
            fit += whole
            tried += 1
            if tried >= TRIED:
                break
        return (width > 1, fit / tried if tried else 0, width)

    return max(SEPARATORS, key=score)


def _dialect(data, codec, separator):
    """:return: the one that leaves the fewest rows in pieces, of equal ones the
    plainest"""
    best, fewest = DIALECTS[0], None
    for dialect in DIALECTS:
        pieces = sum(
            not whole
            for _number, _cells, whole in _records(data, codec, separator, dialect)
        )
        if fewest is None or pieces < fewest:
            best, fewest = dialect, pieces
        if not fewest:
            break
    return best


def _read_text(data):
    codec = encoding(data)
    separator = _separator(data, codec)
    return _records(data, codec, separator, _dialect(data, codec, separator))


# === WORKBOOKS === #


def _read_workbook(data):
    """Yield (number, cells, True) of the first sheet; formulas are what they gave."""
    _check_package(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what some programs write there is not true
        for number, row in enumerate(sheet.iter_rows(), 1):
            if len(row) > 10 * MOST_COLUMNS:
                raise Unreadable("columns")
            if number > MOST_ROWS:
                raise Unreadable("large")
            yield number, [_cell_text(cell)[:LONGEST_CELL] for cell in row], True
    except Unreadable:
        raise
    except Exception as error:
        # what is no workbook fails in any way, each of the libraries in its own
        raise Unreadable("broken") from error


def _check_package(data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = package.namelist()
            if "xl/workbook.xml" not in names:
                raise Unreadable("old")
            sizes = {item.filename: item.file_size for item in package.infolist()}
            held = [
                size
                for name, size in sizes.items()
                if not name.startswith("xl/worksheets/")
            ]
            if sum(sizes.values()) > LARGEST_UNPACKED or max(held) > LARGEST_PART:
                raise Unreadable("large")
            for name in names:
                if name.endswith((".xml", ".rels")):
                    with package.open(name) as part:
                        # no program writes one: it would only be there to blow up
                        if b"<!DOCTYPE" in part.read(1024):
                            raise Unreadable("broken")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise Unreadable("broken") from error


def _cell_text(cell):
    """:return: a text that `cells` understands: dates as ISO, decimals with a point"""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime):
        value = value.replace(microsecond=0)
        midnight = value.time() == datetime.time()
        return str(value.date() if midnight else value)
    return str(value)
