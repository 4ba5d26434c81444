import { expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";

import { DashboardFilters } from "@crm_gestion/dashboard/dashboard_filters/dashboard_filters";
import { contains, mountWithCleanup } from "@web/../tests/web_test_helpers";

import { defineDashboardModels, page } from "./dashboard_test_helpers";

defineDashboardModels();

const mount = (filters) =>
    mountWithCleanup(DashboardFilters, {
        props: { filters: page([], filters).filters, onChange: (asked) => expect.step(asked) },
    });

test("the server says what there is to choose", async () => {
    await mount();
    expect(queryAllTexts("select[name=period] option")).toEqual([
        "This Month",
        "This Year",
        "Other Dates",
    ]);
    expect("select[name=period]").toHaveValue("month");
    expect(queryAllTexts("select[name=team_id] option")).toEqual(["All teams", "North", "South"]);
    expect(queryAllTexts("select[name=user_id] option")).toEqual(["All sellers", "Ana"]);
    expect(".o_crm_dashboard_from").toHaveCount(0);
});

test("a seller chooses a period, nothing else", async () => {
    await mount({ teams: [], users: [] });
    expect("select").toHaveCount(1);
});

test("a team or a seller: the one lets go of the other", async () => {
    await mount({ user_id: 5 });
    expect("select[name=user_id]").toHaveValue("5");
    await contains("select[name=team_id]").select("8");
    expect.verifySteps([{ period: "month", team_id: 8 }]);
    await contains("select[name=user_id]").select("0");
    expect.verifySteps([{ period: "month" }]);
});

test("other dates begin with those that are shown", async () => {
    await mount({ team_id: 7 });
    await contains("select[name=period]").select("custom");
    expect.verifySteps([
        { period: "custom", team_id: 7, date_from: "2026-11-01", date_to: "2026-11-30" },
    ]);
});

test("another date", async () => {
    await mount({ period: "custom" });
    expect(".o_crm_dashboard_from").toHaveValue("11/01/2026");
    await contains(".o_crm_dashboard_to").click();
    await contains(".o_crm_dashboard_to").edit("11/15/2026", { confirm: "enter" });
    expect.verifySteps([{ period: "custom", date_from: "2026-11-01", date_to: "2026-11-15" }]);
});
