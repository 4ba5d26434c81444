import { expect, test } from "@odoo/hoot";
import { queryOne } from "@odoo/hoot-dom";

import { DashboardProgress } from "@crm_gestion/dashboard/dashboard_progress/dashboard_progress";
import { contains, mountWithCleanup } from "@web/../tests/web_test_helpers";

import {
    defineDashboardModels,
    drill,
    figure,
    listOf,
    section,
    stepActions,
} from "./dashboard_test_helpers";

defineDashboardModels();

const row = (content = {}) => ({
    label: "Visits",
    note: "4 to go",
    actual: figure(6),
    target: figure(10),
    progress: 0.6,
    expected: 0.75,
    tone: "warning",
    ...content,
});

const mount = (...rows) =>
    mountWithCleanup(DashboardProgress, {
        props: { section: section("progress", { rows }), currencyId: 1 },
    });

test("how far it is, and how far it should be", async () => {
    await mount(row());
    expect(".o_crm_dashboard_progress").toHaveText(
        "Visits\n6 / 10\n60%, expected by today 75%\n4 to go"
    );
    expect(queryOne(".progress-bar").style.width).toBe("60%");
    expect(".progress-bar").toHaveClass("bg-warning");
    expect(".progress").toHaveAttribute("aria-valuenow", "60");
    expect(queryOne(".o_crm_dashboard_expected").style.left).toBe("75%");
});

test("more than all of it stays in its bar, nothing expected has no mark", async () => {
    await mount(row({ progress: 1.4, expected: false, tone: false }));
    expect(queryOne(".progress-bar").style.width).toBe("100%");
    expect(".progress-bar").toHaveClass("bg-primary");
    expect(".o_crm_dashboard_progress").toHaveText("Visits\n6 / 10\n140%\n4 to go");
    expect(".o_crm_dashboard_expected").toHaveCount(0);
});

test("what was achieved opens", async () => {
    stepActions();
    await mount(row({ actual: figure(6, "integer", { drill: drill("Visits") }) }));
    await contains("button").click();
    expect.verifySteps([listOf("Visits")]);
});
