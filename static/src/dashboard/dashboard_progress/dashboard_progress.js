import { Component } from "@odoo/owl";

import { DashboardFigure } from "../dashboard_figure/dashboard_figure";
import { formatFigure } from "../figure_format";

/** How far each goal is, and how far it should be by today. */
export class DashboardProgress extends Component {
    static template = "crm_gestion.DashboardProgress";
    static components = { DashboardFigure };
    static props = { section: Object, currencyId: { type: Number, optional: true } };

    /** Width of a ratio: more than all of it is all of it. */
    width(ratio) {
        return `${Math.round(Math.min(Math.max(ratio || 0, 0), 1) * 1000) / 10}%`;
    }

    percentage(ratio) {
        return formatFigure({ value: ratio || 0, format: "percentage" });
    }

    hasExpected({ expected }) {
        return typeof expected === "number" && expected > 0;
    }

    color({ tone }) {
        return { success: "bg-success", warning: "bg-warning", danger: "bg-danger", muted: "bg-secondary" }[tone] || "bg-primary";
    }
}
