import { Component } from "@odoo/owl";

import { DashboardFigure } from "../dashboard_figure/dashboard_figure";

/** Tiles of figures; the whole tile is what one clicks on. */
export class DashboardFigures extends Component {
    static template = "crm_gestion.DashboardFigures";
    static components = { DashboardFigure };
    static props = { section: Object, currencyId: { type: Number, optional: true } };
}
