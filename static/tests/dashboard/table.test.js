import { expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";

import { DashboardTable } from "@crm_gestion/dashboard/dashboard_table/dashboard_table";
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

const table = section("table", {
    columns: [
        { name: "open", title: "Open", format: "integer" },
        { name: "since", title: "Since", format: "date" },
    ],
    rows: [
        {
            label: "Ana",
            drill: drill("Of Ana"),
            cells: [figure(4, "integer", { drill: drill("Open ones") }), figure("2026-11-02", "date")],
        },
        { label: "Bea", drill: false, cells: [figure(0), figure(null, "date", { note: "never" })] },
    ],
    total: { label: "Total", drill: false, cells: [figure(4), figure(null, "date")] },
});

const mount = (content = {}) =>
    mountWithCleanup(DashboardTable, {
        props: { section: { ...table, ...content }, currencyId: 1 },
    });

test("rows, columns and a total", async () => {
    await mount();
    expect(queryAllTexts("thead th")).toEqual(["", "Open", "Since"]);
    expect(queryAllTexts("tbody tr:first-child > *")).toEqual(["Ana", "4", "11/02/2026"]);
    expect(queryAllTexts("tbody tr:last-child > *")).toEqual(["Bea", "0", "–\nnever"]);
    expect(queryAllTexts("tfoot tr > *")).toEqual(["Total", "4", "–"]);
    expect("tbody td:eq(0)").toHaveClass("text-end");
    expect("tbody td:eq(1)").toHaveClass("text-start");
});

test("rows and cells open what is behind them", async () => {
    stepActions();
    await mount();
    expect("tbody td button").toHaveAttribute("aria-label", "Ana, Open: 4");
    await contains("tbody th button").click();
    await contains("tbody td button").click();
    expect.verifySteps([listOf("Of Ana"), listOf("Open ones")]);
    expect("tbody tr:last-child button").toHaveCount(0);
});

test("no total, no foot", async () => {
    await mount({ total: false });
    expect("tfoot").toHaveCount(0);
});

test("a wide table moves in its own box, the names of its rows stay", async () => {
    const columns = Array.from({ length: 12 }, (_, index) => ({
        name: `column${index}`,
        title: `Some long title ${index}`,
        format: "integer",
    }));
    const rows = [{ label: "Ana", drill: false, cells: columns.map(() => figure(1)) }];
    await mount({ columns, rows, total: false });
    expect(".table-responsive").toHaveStyle({ overflowX: "auto" });
    expect("tbody th").toHaveStyle({ position: "sticky", left: "0px" });
});
