import { expect, test } from "@odoo/hoot";
import { queryAll, queryAllTexts } from "@odoo/hoot-dom";
import { Deferred, animationFrame } from "@odoo/hoot-mock";

import { contains, onRpc, preloadBundle } from "@web/../tests/web_test_helpers";
import { router } from "@web/core/browser/router";

import {
    answer,
    bars,
    defineDashboardModels,
    drill,
    figure,
    listOf,
    MODEL,
    mountDashboard,
    page,
    section,
    stepActions,
} from "./dashboard_test_helpers";

defineDashboardModels();
preloadBundle("web.chartjs_lib");

const tiles = (...values) =>
    section("figures", { figures: values.map((value) => figure(value, "integer", { label: "Open" })) });

test("one request brings all that is shown", async () => {
    answer([tiles(4), bars()]);
    await mountDashboard();
    await animationFrame();
    expect.verifySteps([{}]);
    expect(queryAll(".o_crm_dashboard_section").map((el) => el.dataset.key)).toEqual([
        "figures",
        "bars",
    ]);
    expect(".o_crm_dashboard_subtitle").toHaveText("Ana, 11/01/2026 – 11/30/2026");
    expect("canvas").toHaveCount(1);
});

test("a filter asks once, with what was chosen", async () => {
    answer([tiles(4)]);
    await mountDashboard();
    await animationFrame();
    expect.verifySteps([{}]);
    await contains("select[name=period]").select("year");
    expect.verifySteps([{ period: "year" }]);
    await contains("select[name=team_id]").select("7");
    expect.verifySteps([{ period: "year", team_id: 7 }]);
    expect("select[name=team_id]").toHaveValue("7");
    await contains(".o_crm_dashboard_refresh").click();
    expect.verifySteps([{ period: "year", team_id: 7 }]);
});

test("what is asked for is kept in the address, and taken from there", async () => {
    answer([tiles(4)]);
    router.pushState({ action: "my-dashboard", period: "year", team_id: 7, other: 1 }, { sync: true });
    await mountDashboard({
        action: { id: 1, path: "my-dashboard", params: { model: MODEL } },
        updateActionState: (state) => expect.step(state.period),
    });
    await animationFrame();
    expect.verifySteps(["year", { period: "year", team_id: 7 }]);
    await contains("select[name=period]").select("month");
    expect.verifySteps(["month", { period: "month", team_id: 7 }]);
});

test("the address of another page is not ours", async () => {
    answer([tiles(4)]);
    router.pushState({ action: "team-dashboard", period: "year" }, { sync: true });
    await mountDashboard({ action: { id: 1, path: "my-dashboard", params: { model: MODEL } } });
    expect.verifySteps([{}]);
});

test("coming back finds the page as it was left", async () => {
    answer([tiles(4)]);
    await mountDashboard({ state: { asked: { period: "year" } } });
    await animationFrame();
    expect.verifySteps([{ period: "year" }]);
});

test("loading, then what was loaded", async () => {
    const answered = new Deferred();
    onRpc(MODEL, "get_data", () => answered);
    await mountDashboard();
    expect(".o_crm_dashboard_loading").toHaveAttribute("role", "status");
    expect(".o_crm_dashboard_page").toHaveCount(0);
    answered.resolve(page([tiles(4)]));
    await animationFrame();
    expect(".o_crm_dashboard_loading").toHaveCount(0);
    expect(".o_crm_dashboard_tile").toHaveText("Open\n4");
});

test("of two answers the last one asked for is shown", async () => {
    const late = new Deferred();
    onRpc(MODEL, "get_data", ({ args: [{ period }] }) => {
        if (period === "year") {
            return late;
        }
        return page([tiles(period === "month" ? 1 : 0)], { period: period || "custom" });
    });
    await mountDashboard();
    await animationFrame();
    await contains("select[name=period]").select("year");
    expect(".o_crm_dashboard_page").toHaveAttribute("aria-busy");
    await contains("select[name=period]").select("month");
    late.resolve(page([tiles(9)], { period: "year" }));
    await animationFrame();
    expect(".o_crm_dashboard_tile").toHaveText("Open\n1");

});

test("an error says so, and one tries again", async () => {
    answer("This dashboard is not for you.");
    await mountDashboard();
    await animationFrame();
    expect(".o_crm_dashboard_error p").toHaveText("This dashboard is not for you.");
    expect(".o_error_dialog").toHaveCount(0);
    answer([tiles(4)]);
    await contains(".o_crm_dashboard_error button").click();
    expect(".o_crm_dashboard_error").toHaveCount(0);
    expect(".o_crm_dashboard_tile").toHaveText("Open\n4");
    expect.verifySteps([{}, {}]);
});

test("an empty page and empty sections say so", async () => {
    answer([]);
    await mountDashboard();
    await animationFrame();
    expect(".o_view_nocontent_smiling_face").toHaveCount(1);
    const nothing = { name: "Open", tone: false, points: [figure(0), figure(null)] };
    answer([
        tiles(),
        section("table", { columns: [], rows: [], total: false }),
        section("progress", { rows: [] }),
        bars({ series: [nothing] }),
        bars({ key: "line", kind: "line", labels: [], series: [] }),
    ]);
    await contains(".o_crm_dashboard_refresh").click();
    expect(queryAllTexts(".o_crm_dashboard_empty")).toEqual([
        "No figures.",
        "No table.",
        "No progress.",
        "No bars.",
        "No bars.",
    ]);
    expect("canvas").toHaveCount(0);
    expect.verifySteps([{}, {}]);
});

test("tiles of zeros are not empty", async () => {
    answer([tiles(0)]);
    await mountDashboard();
    await animationFrame();
    expect(".o_crm_dashboard_tile").toHaveText("Open\n0");
    expect.verifySteps([{}]);
});

test("a title opens what its section is about, and explains itself", async () => {
    stepActions();
    answer([{ ...tiles(1), drill: drill("All of them"), help: "Open ones of today." }]);
    await mountDashboard();
    await animationFrame();
    expect.verifySteps([{}]);
    expect("section h2 i").toHaveAttribute("aria-label", "Open ones of today.");
    await contains("section h2 button").click();
    expect.verifySteps([listOf("All of them")]);
});

test("the same figures are printed", async () => {
    stepActions();
    answer([tiles(4)]);
    await mountDashboard();
    await animationFrame();
    await contains("select[name=period]").select("year");
    expect.verifySteps([{}, { period: "year" }]);
    await contains(".o_crm_dashboard_print").click();
    expect.verifySteps([
        {
            type: "ir.actions.report",
            report_type: "qweb-pdf",
            report_name: "crm_gestion.report_crm_dashboard",
            report_file: "crm_gestion.report_crm_dashboard",
            name: "My Dashboard",
            data: { model: MODEL, filters: { period: "year" } },
        },
    ]);
});
