import io
import random
import zipfile
from datetime import datetime, time

from openpyxl import Workbook

from odoo.tests import common, tagged

from odoo.addons.crm_gestion.tools.importing import reading
from odoo.addons.crm_gestion.tools.importing.reading import Unreadable, read


def php(rows):
    """:return: text as PHP's ``fputcsv`` writes it, its defect included"""
    lines = []
    for row in rows:
        cells = []
        for cell in row:
            if not any(character in cell for character in ' ,"\t\n\r\\'):
                cells.append(cell)
                continue
            text, escaped = "", False
            for character in cell:
                text += '""' if character == '"' and not escaped else character
                escaped = character == "\\"
            cells.append(f'"{text}"')
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


@tagged("post_install", "-at_install")
class TestReading(common.BaseCase):
    """What programs write, and what they should not have written."""

    def _read(self, data):
        headings, rows = read(data.encode() if isinstance(data, str) else data)
        return headings, list(rows)

    def _refuse(self, data, code):
        with self.assertRaises(Unreadable) as caught:
            self._read(data)
        self.assertEqual(caught.exception.args, (code,))

    def test_encodings_give_the_same_texts(self):
        text = "Nombre,Población\nÁlvarez,Cádiz\n"
        for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"):
            with self.subTest(codec=codec):
                self.assertEqual(
                    self._read(text.encode(codec)),
                    (["Nombre", "Población"], [(2, ["Álvarez", "Cádiz"], True)]),
                )

    def test_separators_and_line_ends(self):
        for separator in reading.SEPARATORS:
            for end in ("\n", "\r\n", "\r"):
                text = f'a{separator}b{end}1{separator}"x{separator}y"{end}'
                with self.subTest(separator=separator, end=end):
                    self.assertEqual(
                        self._read(text),
                        (["a", "b"], [(2, ["1", f"x{separator}y"], True)]),
                    )

    def test_a_comma_within_amounts_is_no_separator(self):
        headings, rows = self._read("Nombre;Importe\nA;1,5\nB;2,5\nC;3,5\n")
        self.assertEqual(headings, ["Nombre", "Importe"])
        self.assertEqual([cells[1] for _n, cells, _w in rows], ["1,5", "2,5", "3,5"])

    def test_lines_within_cells_are_counted(self):
        _headings, rows = self._read('a,b\n"x\ny\nz",1\n\n,\nu,2\n')
        self.assertEqual(rows, [(2, ["x\ny\nz", "1"], True), (7, ["u", "2"], True)])

    def test_quotes_after_a_backslash(self):
        rows = [["name", "note"], ['C:\\Dir\\"Name"', "1"], ["ends\\", "2"], ["x", "3"]]
        _headings, found = self._read(php(rows))
        self.assertEqual([cells for _n, cells, _w in found], rows[1:])
        self.assertTrue(all(whole for _n, _cells, whole in found))

    def test_a_lost_quote_costs_one_row(self):
        _headings, rows = self._read('a,b\n1,2\n"lost,3\n4,5\n6,7\n')
        self.assertEqual(
            rows,
            [
                (2, ["1", "2"], True),
                (3, ['"lost,3'], False),
                (4, ["4", "5"], True),
                (5, ["6", "7"], True),
            ],
        )

    def test_rows_of_another_width_are_told(self):
        _headings, rows = self._read("a,b,\n1,2,\n1\n1,2,3,4\n")
        self.assertEqual(
            rows,
            [
                (2, ["1", "2"], True),
                (3, ["1"], False),
                (4, ["1,2,3,4"], False),
            ],
        )

    def test_null_bytes_are_left_out(self):
        self.assertEqual(self._read("a,b\n1\0,2\n")[1], [(2, ["1", "2"], True)])

    def test_limits(self):
        self._refuse(b"", "empty")
        self._refuse(b" \r\n", "empty")
        self._refuse(",".join(["x"] * (reading.MOST_COLUMNS + 1)), "columns")
        self._refuse(b"\xd0\xcf\x11\xe0 old", "old")
        self._refuse(b"PK\x03\x04 no archive", "broken")

    def _book(self, rows):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()

    def test_workbook(self):
        data = self._book(
            [
                ["Name", "Day", "At", "Amount", "Flag", "Hour"],
                ["Ana", datetime(2026, 3, 2), datetime(2026, 3, 2, 9, 5), 1.5, True]
                + [time(9, 30)],
                [None, None],
                ["Luis", None, None, 2000.0, False],
            ]
        )
        self.assertEqual(
            self._read(data),
            (
                ["Name", "Day", "At", "Amount", "Flag", "Hour"],
                [
                    (2, ["Ana", "2026-03-02", "2026-03-02 09:05:00", "1.5", "1",
                         "09:30:00"], True),
                    (4, ["Luis", "", "", "2000", "0", ""], True),
                ],
            ),
        )  # fmt: skip

    def test_packages_that_are_no_workbook(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as package:
            package.writestr("content.xml", "<a/>")
        self._refuse(file.getvalue(), "old")
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w") as package:
            package.writestr("xl/workbook.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><a/>")
        self._refuse(bomb.getvalue(), "broken")

    def _rewritten(self, name, change):
        """:return: bytes of a workbook with another part"""
        file = io.BytesIO()
        plain = zipfile.ZipFile(io.BytesIO(self._book([["name"], ["x"]])))
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
            for part in plain.namelist():
                data = plain.read(part)
                package.writestr(part, change(data) if part == name else data)
        return file.getvalue()

    def test_a_row_of_any_number_is_not_counted_to(self):
        far = self._rewritten(
            "xl/worksheets/sheet1.xml",
            lambda data: data.replace(b'<row r="2"', b'<row r="1000000000000"'),
        )
        self._refuse(far, "large")

    def test_parts_that_fill_the_memory(self):
        self.patch(reading, "LARGEST_PART", 20_000)
        self.assertEqual(
            self._read(self._rewritten("xl/styles.xml", bytes))[0], ["name"]
        )
        full = self._rewritten("xl/styles.xml", lambda data: data + b" " * 20_001)
        self._refuse(full, "large")

    def test_entities_after_a_long_remark(self):
        """The look at the beginning misses them; the parser does not unfold them."""
        kinds = [b'<!ENTITY a0 "aaaaaaaaaa">']
        kinds += [
            b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10)
            for level in range(1, 10)
        ]
        head = b"<!--%s--><!DOCTYPE x [%s]>" % (b"x" * 2000, b"".join(kinds))
        laughs = self._rewritten(
            "xl/worksheets/sheet1.xml",
            lambda data: (
                head
                + data[data.index(b"<worksheet") :].replace(b"<t>x</t>", b"<t>&a9;</t>")
            ),
        )
        self._refuse(laughs, "broken")

    def test_what_php_writes_is_read(self):
        """Rows at random, of the characters that break readers: what is read whole is
        what was written, unless two ways of writing fit the same text."""
        chance = random.Random(11)
        for _round in range(200):
            rows = [["h1", "h2", "h3"]] + [
                [
                    "x" + "".join(chance.choices('ab ,"\n', k=chance.randint(0, 8)))
                    for _cell in range(3)
                ]
                for _row in range(5)
            ]
            _headings, found = self._read(php(rows))
            self.assertEqual([cells for _n, cells, _w in found], rows[1:])

    def test_garbage_is_told_and_ends(self):
        """Bytes at random give rows or a refusal, never anything else."""
        chance = random.Random(7)
        seen = set()
        for _round in range(300):
            data = bytes(
                chance.choices(b'a,;"\\\n\r\t\0\xff\xd1 1', k=chance.randint(1, 80))
            )
            try:
                headings, rows = read(b"PK\x03\x04" * (_round % 9 == 0) + data)
                for _number, cells, whole in rows:
                    self.assertEqual(len(cells), len(headings) if whole else 1)
                    self.assertNotIn("\0", "".join(cells))
                seen.add("read")
            except Unreadable as error:
                seen.add(error.args[0])
        self.assertLessEqual({"read", "broken"}, seen)
