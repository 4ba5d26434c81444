import { Component } from "@odoo/owl";

import { useDrill } from "../drill_hook";
import { formatFigure, toneClass } from "../figure_format";

/** A value that opens what is behind it. */
export class DashboardFigure extends Component {
    static template = "crm_gestion.DashboardFigure";
    static props = {
        figure: Object,
        currencyId: { type: Number, optional: true },
        label: { type: String, optional: true },
        compact: { type: Boolean, optional: true },
        class: { type: String, optional: true },
    };
    static defaultProps = { label: "", compact: false, class: "" };

    setup() {
        this.open = useDrill();
    }

    get text() {
        return formatFigure(this.props.figure, this.props);
    }

    get exact() {
        return formatFigure(this.props.figure, { ...this.props, compact: false });
    }

    /** What a screen reader says of a button that shows no more than a number. */
    get spoken() {
        return [this.props.label, this.exact].filter(Boolean).join(": ");
    }

    get tone() {
        return toneClass(this.props.figure);
    }
}
