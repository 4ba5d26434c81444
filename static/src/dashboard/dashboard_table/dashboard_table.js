import { Component } from "@odoo/owl";

import { DashboardFigure } from "../dashboard_figure/dashboard_figure";
import { useDrill } from "../drill_hook";

const LEFT = ["text", "date"];

/** Rows of figures; on a phone they move below the name of the row, which stays. */
export class DashboardTable extends Component {
    static template = "crm_gestion.DashboardTable";
    static components = { DashboardFigure };
    static props = { section: Object, currencyId: { type: Number, optional: true } };

    setup() {
        this.open = useDrill();
    }

    align(column) {
        return LEFT.includes(column.format) ? "text-start" : "text-end";
    }
}
