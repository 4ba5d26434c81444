import { Component } from "@odoo/owl";

import { DashboardChart } from "../dashboard_chart/dashboard_chart";
import { DashboardFigures } from "../dashboard_figures/dashboard_figures";
import { DashboardProgress } from "../dashboard_progress/dashboard_progress";
import { DashboardTable } from "../dashboard_table/dashboard_table";
import { useDrill } from "../drill_hook";

const KINDS = {
    figures: DashboardFigures,
    bars: DashboardChart,
    line: DashboardChart,
    table: DashboardTable,
    progress: DashboardProgress,
};

/** One card of a dashboard: its title, and what its kind shows. */
export class DashboardSection extends Component {
    static template = "crm_gestion.DashboardSection";
    static props = { section: Object, currencyId: { type: Number, optional: true } };

    setup() {
        this.open = useDrill();
    }

    get content() {
        return KINDS[this.props.section.kind];
    }

    /** Bars of nothing are an empty page, tiles of nothing say that it is nothing. */
    get isEmpty() {
        const { figures, rows, series } = this.props.section;
        return series
            ? !series.some(({ points }) => points.some(({ value }) => value))
            : !(figures || rows || []).length;
    }
}
