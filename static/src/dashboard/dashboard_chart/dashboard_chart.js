/* global Chart */
import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";

import { loadBundle } from "@web/core/assets";

import { DashboardTable } from "../dashboard_table/dashboard_table";
import { useDrill } from "../drill_hook";
import { chartConfig } from "./chart_config";

/**
 * Bars or lines. Who does not see them, or works with the keyboard, has the same figures
 * as a table: it is read aloud, and shown as soon as something in it has the focus.
 */
export class DashboardChart extends Component {
    static template = "crm_gestion.DashboardChart";
    static components = { DashboardTable };
    static props = { section: Object, currencyId: { type: Number, optional: true } };

    setup() {
        this.canvas = useRef("canvas");
        const open = useDrill();
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            (section, currencyId) => {
                // that of the page, dark or light
                const { color } = getComputedStyle(this.canvas.el);
                const config = chartConfig(section, { color, currencyId, open });
                const chart = new Chart(this.canvas.el, config);
                return () => chart.destroy();
            },
            () => [this.props.section, this.props.currencyId]
        );
    }

    get height() {
        const { horizontal, labels, series, stacked } = this.props.section;
        if (!horizontal) {
            return 260;
        }
        const bars = stacked ? 1 : series.length;
        const legend = series.length > 1 ? 40 : 0;
        return 50 + legend + labels.length * Math.max(28, 16 * bars + 10);
    }

    /** The figures as a section of kind ``table``. */
    get table() {
        const { labels, series } = this.props.section;
        return {
            columns: series.map(({ name, points }) => ({
                name,
                title: name,
                format: points[0]?.format,
            })),
            rows: labels.map((label, index) => ({
                label,
                drill: false,
                cells: series.map(({ points }) => points[index]),
            })),
            total: false,
        };
    }
}
