import { advanceTime, beforeEach, describe, expect, mockDate, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";

import { countdownText } from "@crm_gestion/incident/countdown";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import {
    allowTranslations,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

const { DateTime } = luxon;

class Task extends models.Model {
    _name = "project.task";

    crm_deadline = fields.Datetime();
    crm_target_state = fields.Selection({
        selection: ["ok", "soon", "late", "met", "missed"].map((key) => [key, key]),
    });

    _records = [
        { id: 1, crm_deadline: "2026-03-02 11:01:30", crm_target_state: "soon" },
        { id: 2, crm_deadline: "2026-03-02 08:00:30", crm_target_state: "late" },
        { id: 3, crm_deadline: false, crm_target_state: "met" },
        { id: 4, crm_deadline: false, crm_target_state: "missed" },
        { id: 5, crm_deadline: false, crm_target_state: false },
    ];
}

defineMailModels();
defineModels([Task]);

beforeEach(() => {
    allowTranslations();
    mockDate("2026-03-02 11:00:00", 0);
});

const LIST = `
    <list>
        <field name="crm_target_state" column_invisible="1" />
        <field name="crm_deadline" widget="crm_countdown" />
    </list>`;
const text = (deadline) =>
    countdownText(DateTime.fromISO(deadline), DateTime.fromISO("2026-03-02T11:00:00"));

test("what is left of today's is counted, what is later is dated", () => {
    expect(text("2026-03-02T11:00:00")).toBe("0 min left");
    expect(text("2026-03-02T11:45:00")).toBe("45 min left");
    expect(text("2026-03-02T13:15:00")).toBe("2 h 15 min left");
    expect(text("2026-03-02T14:00:00")).toBe("3 h left");
    expect(text("2026-03-03T10:00:00")).toBe("due tomorrow 10:00");
    expect(text("2026-03-05T09:30:00")).toBe("due Thu, Mar 5 09:30");
});

test("how late it is", () => {
    expect(text("2026-03-02T10:59:00")).toBe("1 min late");
    expect(text("2026-03-02T08:00:00")).toBe("3 h late");
    expect(text("2026-03-01T10:00:00")).toBe("1 d 1 h late");
    expect(text("2026-02-28T11:00:00")).toBe("2 d late");
});

test("around midnight hours are counted, not days", () => {
    const late = DateTime.fromISO("2026-03-02T23:30:00");
    expect(countdownText(DateTime.fromISO("2026-03-03T01:00:00"), late)).toBe("1 h 30 min left");
});

test("a column of countdowns", async () => {
    await mountView({ type: "list", resModel: "project.task", arch: LIST });
    expect("td[name=crm_deadline]:eq(0)").toHaveText("1 min left");
    expect("td[name=crm_deadline]:eq(1)").toHaveText("3 h late");
    expect("td[name=crm_deadline]:eq(1) .text-danger").toHaveCount(1);
    expect("td[name=crm_deadline]:eq(2)").toHaveText("in time");
    expect("td[name=crm_deadline]:eq(3)").toHaveText("too late");
    expect("td[name=crm_deadline]:eq(4)").toHaveText("");
});

test("it turns late by itself, and asks no server", async () => {
    await mountView({ type: "list", resModel: "project.task", arch: LIST });
    onRpc(({ method }) => expect.step(method));
    expect(".o_crm_countdown:eq(0)").toHaveAttribute("data-state", "soon");
    await advanceTime(60000);
    await animationFrame();
    expect("td[name=crm_deadline]:eq(0)").toHaveText("0 min left");
    await advanceTime(60000);
    await animationFrame();
    expect("td[name=crm_deadline]:eq(0)").toHaveText("1 min late");
    expect(".o_crm_countdown:eq(0)").toHaveAttribute("data-state", "late");
    expect.verifySteps([]);
});
