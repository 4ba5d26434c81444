import json
import time
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tests.common import ChromeBrowser

from .common import BrowserCommon

SECONDS = 40
READY = "!!document.querySelector('.o_crm_day .o_kanban_record')"
# What a key is to a page: its code and the text that it types.
KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "ArrowDown": (40, ""),
    "ArrowRight": (39, ""),
}
ALT, SHIFT = 1, 8
# Where the keys go, and whether one sees it: by a ring, or by the caret of a text.
FOCUSED = """(() => {
    const element = document.activeElement;
    const field = element.closest(".o_field_widget")?.getAttribute("name");
    const box = element.closest(".o_kanban_record") || element;
    const ring = [element, box].some((each) => {
        const { outlineStyle, boxShadow } = getComputedStyle(each);
        return outlineStyle !== "none" || boxShadow !== "none";
    });
    return {
        field: field || "",
        button: element.matches("button, a") ? element.getAttribute("name") || "" : "",
        text: element.innerText || element.ariaLabel || "",
        card: Boolean(element.closest(".o_kanban_record")),
        modal: Boolean(element.closest(".modal")),
        seen: ring || element.matches("input, textarea"),
    };
})()"""


class Keyboard:
    """The keys of a browser, as somebody who has no mouse presses them."""

    def __init__(self, browser):
        self._ask = browser._websocket_request

    def press(self, key, modifiers=0):
        code, text = KEYS[key] if key in KEYS else (ord(key.upper()), "")
        event = {
            "key": key,
            "code": key if key in KEYS else f"Key{key.upper()}",
            "windowsVirtualKeyCode": code,
            "modifiers": modifiers,
        }
        down = {"type": "keyDown" if text else "rawKeyDown", **event}
        self._ask("Input.dispatchKeyEvent", params={**down, "text": text})
        self._ask("Input.dispatchKeyEvent", params={"type": "keyUp", **event})

    def type(self, text):
        for letter in text:
            params = {"type": "char", "text": letter}
            self._ask("Input.dispatchKeyEvent", params=params)

    def value(self, expression):
        """:return: value of an expression of the page"""
        params = {"expression": expression, "returnByValue": True}
        return self._ask("Runtime.evaluate", params=params)["result"].get("value")

    def focused(self):
        return self.value(FOCUSED)

    def wait(self, expression):
        deadline = time.monotonic() + SECONDS
        while not self.value(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                raise AssertionError(f"{expression} at {self.focused()}")
            time.sleep(0.05)

    def walk(self, there, key="Tab", steps=40, modifiers=0):
        """Press a key until the focus is where it is wanted.

        :param there: what is asked of the place
        :return: list of the places passed
        """
        passed = []
        for _step in range(steps):
            place = self.focused()
            passed.append(place)
            if there(place):
                return passed
            self.press(key, modifiers)
            time.sleep(0.05)
        raise AssertionError(f"not reached: {json.dumps(passed, indent=1)}")


@tagged("post_install", "-at_install")
class TestKeyboard(BrowserCommon):
    """A seller without a mouse: real keys, sent to the browser, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls._make_lead(
            name="Almazara nueva",
            partner_id=cls.contact.id,
            stage_id=cls.env.ref("crm_gestion.stage_generate_interest").id,
        )
        cls.step = cls.lead.activity_schedule(
            activity_type_id=cls.env.ref("mail.mail_activity_data_call").id,
            date_deadline="2026-03-02",
            user_id=cls.seller.id,
        )

    def _work(self, url, ready, work):
        """Open a page and work on it by keys.

        :param work: called with the keyboard
        """

        def run(browser, code, timeout, error_checker=None):
            work(Keyboard(browser))

        with patch.object(ChromeBrowser, "_wait_code_ok", run):
            self.browser_js(url, "", ready, login=self.seller.login, timeout=240)

    def test_register_activity_from_my_day(self):
        passed = []

        def work(keys):
            keys.press("ArrowDown")  # from the search box
            keys.wait("document.activeElement.closest('.o_kanban_record')")
            passed.extend(keys.walk(lambda place: place["button"] == "action_register"))
            keys.press("Enter")
            keys.wait("document.querySelector('.modal [name=result_id] input')")
            keys.wait("document.activeElement.closest('.modal .o_field_widget')")
            passed.append(keys.focused())
            passed.extend(keys.walk(lambda place: place["field"] == "result_id"))
            keys.type("Agendar")
            keys.wait(
                "document.querySelector('.o-autocomplete--dropdown-item')"
                "?.innerText.includes('Agendar')"
            )
            keys.press("Enter")
            passed.extend(keys.walk(lambda place: place["field"] == "next_summary"))
            keys.type("Llevar la muestra")
            passed.extend(keys.walk(lambda place: place["field"] == "description"))
            keys.type("Quiere verla")
            keys.press("q", ALT)
            keys.wait("!document.querySelector('.modal')")

        self._work("/odoo/my-day", READY, work)

        gestion = self.env["crm.gestion"].search([("activity_id", "=", self.step.id)])
        self.assertRecordValues(
            gestion,
            [
                {
                    "user_id": self.seller.id,
                    "lead_id": self.lead.id,
                    "result_id": self.env.ref("crm_gestion.result_next_meeting").id,
                    "description": "Quiere verla",
                    "next_summary": "Llevar la muestra",
                }
            ],
        )
        self.assertEqual(
            self.lead.activity_ids.mapped("summary"), ["Llevar la muestra"]
        )
        unseen = [place for place in passed if not place["seen"]]
        self.assertFalse(unseen, "where the focus is cannot be seen")
