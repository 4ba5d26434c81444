import { expect, test } from "@odoo/hoot";

import { DashboardFigure } from "@crm_gestion/dashboard/dashboard_figure/dashboard_figure";
import { DashboardFigures } from "@crm_gestion/dashboard/dashboard_figures/dashboard_figures";
import { contains, mockService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";

import {
    defineDashboardModels,
    drill,
    figure,
    listOf,
    section,
    stepActions,
} from "./dashboard_test_helpers";

defineDashboardModels();

const mount = (content, props = {}) =>
    mountWithCleanup(DashboardFigure, {
        props: { figure: figure(4, "integer", content), label: "Open", ...props },
    });

test("a figure opens exactly the records behind it", async () => {
    stepActions();
    await mount({ drill: drill("Open ones") });
    expect("button.o_crm_dashboard_figure").toHaveText("4");
    expect("button.o_crm_dashboard_figure").toHaveAttribute("aria-label", "Open: 4");
    await contains("button.o_crm_dashboard_figure").click();
    expect.verifySteps([listOf("Open ones")]);
});

test("a figure with nothing behind it is no button", async () => {
    await mount({ tone: "danger" });
    expect("button").toHaveCount(0);
    expect("span.o_crm_dashboard_figure.text-danger").toHaveText("4");
});

test("a method answers what is opened", async () => {
    stepActions();
    onRpc("crm.objective", "action_view_records", ({ args }) => {
        expect.step(args);
        return { type: "ir.actions.act_window", res_model: "sale.order" };
    });
    await mount({ drill: { model: "crm.objective", method: "action_view_records", ids: [3] } });
    await contains("button").click();
    expect.verifySteps([
        [[3]],
        { type: "ir.actions.act_window", res_model: "sale.order" },
    ]);
});

test("a method that answers nothing opens nothing", async () => {
    mockService("action", { doAction: () => expect.step("opened") });
    onRpc("crm.objective", "action_view_records", () => false);
    await mount({ drill: { model: "crm.objective", method: "action_view_records", ids: [3] } });
    await contains("button").click();
    expect.verifySteps([]);
});

test("what is shortened says its exact value", async () => {
    const big = figure(1250000, "integer", { drill: drill("All") });
    await mountWithCleanup(DashboardFigure, {
        props: { figure: big, label: "Open", compact: true },
    });
    expect("button").toHaveText("1.3M");
    expect("button").toHaveAttribute("title", "1,250,000");
    expect("button").toHaveAttribute("aria-label", "Open: 1,250,000");
});

test("tiles have a label, a figure and a note", async () => {
    const tiles = [
        figure(4, "integer", { label: "Open", note: "2 new", drill: drill("Open ones") }),
        figure(0.5, "percentage", { label: "Conversion" }),
    ];
    await mountWithCleanup(DashboardFigures, {
        props: { section: section("figures", { figures: tiles }), currencyId: 1 },
    });
    expect(".o_crm_dashboard_tile:first").toHaveText("Open\n4\n2 new");
    expect(".o_crm_dashboard_tile:last").toHaveText("Conversion\n50%");
    expect(".o_crm_dashboard_tile:first button.stretched-link").toHaveCount(1);
});
