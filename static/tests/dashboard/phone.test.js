import { expect, test } from "@odoo/hoot";
import { queryAll, queryOne, resize } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";

import { preloadBundle } from "@web/../tests/web_test_helpers";

import {
    answer,
    bars,
    defineDashboardModels,
    figure,
    MODEL,
    mountDashboard,
    section,
} from "./dashboard_test_helpers";

defineDashboardModels();
preloadBundle("web.chartjs_lib");

test("one column on a phone, and nothing wider than it", async () => {
    await resize({ width: 390, height: 844 });
    const columns = Array.from({ length: 12 }, (_, index) => ({
        name: `column${index}`,
        title: `Some long title ${index}`,
        format: "monetary",
    }));
    const cells = columns.map(() => figure(1234567.89, "monetary"));
    const amount = figure(1234567.89, "monetary", { label: "Amount of all open ones" });
    answer([
        section("figures", { size: "third", figures: Array(5).fill(amount) }),
        section("table", { columns, rows: [{ label: "Ana", drill: false, cells }], total: false }),
        bars({ size: "third" }),
    ]);
    await mountDashboard();
    await animationFrame();
    expect.verifySteps([`${MODEL}.get_data`, {}]);
    const page = queryOne(".o_crm_dashboard_page");
    expect(page.scrollWidth).toBe(page.clientWidth);
    const lefts = queryAll(".o_crm_dashboard_section").map((el) => el.offsetLeft);
    expect(new Set(lefts).size).toBe(1);
    const box = queryOne(".table-responsive");
    expect(box.scrollWidth).toBeGreaterThan(box.clientWidth);
});
