import { describe, expect, test } from "@odoo/hoot";
import { queryAllTexts, queryOne } from "@odoo/hoot-dom";

import { chartConfig } from "@crm_gestion/dashboard/dashboard_chart/chart_config";
import { DashboardChart } from "@crm_gestion/dashboard/dashboard_chart/dashboard_chart";
import { contains, makeMockEnv, mountWithCleanup, preloadBundle } from "@web/../tests/web_test_helpers";
import { getColor } from "@web/core/colors/colors";

import { bars, defineDashboardModels, drill, figure, listOf, stepActions } from "./dashboard_test_helpers";

defineDashboardModels();
preloadBundle("web.chartjs_lib");

describe("configuration", () => {
    const config = (content, options = {}) =>
        chartConfig(bars(content), { currencyId: 1, open: (drill) => expect.step(drill), ...options });
    const two = [
        { name: "Won", tone: "success", points: [figure(1), figure(2)] },
        { name: "Lost", tone: "danger", points: [figure(3), figure(4)] },
    ];

    test("bars", () => {
        const { data, options, type } = config();
        expect(type).toBe("bar");
        expect(data.labels).toEqual(["Interest", "Proposal"]);
        expect(data.datasets[0].data).toEqual([4, 1]);
        expect(data.datasets[0].backgroundColor).toBe(getColor(0, "", 1));
        expect(options.indexAxis).toBe("x");
        expect(options.plugins.legend.display).toBe(false);
    });

    test("horizontal, stacked bars of several series", () => {
        const { data, options } = config({ horizontal: true, stacked: true, series: two });
        expect(options.indexAxis).toBe("y");
        expect(options.scales.x.stacked).toBe(true);
        expect(options.scales.y.stacked).toBe(true);
        expect(options.plugins.legend.display).toBe(true);
        expect(data.datasets.map(({ backgroundColor }) => backgroundColor)).toEqual([
            getColor(2, "", "sm"),
            getColor(1, "", "sm"),
        ]);
    });

    test("a line", () => {
        expect(config({ kind: "line" }).type).toBe("line");
    });

    test("one bar may have a colour of its own", () => {
        const points = [figure(1, "integer", { tone: "danger" }), figure(2)];
        const { data } = config({ series: [{ name: "Open", tone: false, points }] });
        expect(data.datasets[0].backgroundColor).toEqual([
            getColor(1, "", "sm"),
            getColor(0, "", 1),
        ]);
    });

    test("texts have the colour of the page, dark or light", () => {
        const { plugins, scales } = config({}, { color: "rgb(1, 2, 3)" }).options;
        expect(scales.x.ticks.color).toBe("rgb(1, 2, 3)");
        expect(scales.y.ticks.color).toBe("rgb(1, 2, 3)");
        expect(plugins.legend.labels.color).toBe("rgb(1, 2, 3)");
    });

    test("a click on a bar opens what is behind it, and only there", () => {
        const { onClick } = config().options;
        onClick(null, [{ datasetIndex: 0, index: 0 }]);
        expect.verifySteps([drill("Interest")]);
        onClick(null, [{ datasetIndex: 0, index: 1 }]);
        onClick(null, []);
        expect.verifySteps([]);
    });

    test("amounts on axes are short, in tips exact", async () => {
        await makeMockEnv();
        const points = [figure(1250000, "monetary"), figure(0, "monetary")];
        const { options } = config({ series: [{ name: "Amount", tone: false, points }] });
        expect(options.scales.y.ticks.callback(1250000)).toBe("$\u00a01.3M");
        const { label } = options.plugins.tooltip.callbacks;
        expect(label({ dataset: { label: "Amount" }, datasetIndex: 0, dataIndex: 0 })).toBe(
            "Amount: $\u00a01,250,000.00"
        );
    });
});

describe("component", () => {
    const mount = (content) =>
        mountWithCleanup(DashboardChart, { props: { section: bars(content), currencyId: 1 } });

    test("it is drawn", async () => {
        await mount({ horizontal: true });
        const chart = window.Chart.getChart(queryOne("canvas"));
        expect(chart.config.type).toBe("bar");
        expect(chart.options.indexAxis).toBe("y");
        expect(".o_crm_dashboard_chart").toHaveStyle({ height: "106px" });
    });

    test("who does not see it has a table, and opens its figures with the keyboard", async () => {
        stepActions();
        await mount();
        expect("canvas").toHaveAttribute("aria-hidden", "true");
        expect(queryAllTexts("tbody tr:first-child > *")).toEqual(["Interest", "4"]);
        expect(queryAllTexts("thead th")).toEqual(["", "Opportunities"]);
        queryOne("tbody button").focus();
        expect(".o_crm_dashboard_values").toHaveStyle({ position: "static" });
        await contains("tbody button").click();
        expect.verifySteps([listOf("Interest")]);
    });
});
