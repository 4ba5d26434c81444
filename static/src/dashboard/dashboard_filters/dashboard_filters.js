import { Component } from "@odoo/owl";

import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { deserializeDate, serializeDate } from "@web/core/l10n/dates";

/** Period, team and seller, among those that the server offers. */
export class DashboardFilters extends Component {
    static template = "crm_gestion.DashboardFilters";
    static components = { DateTimeInput };
    static props = { filters: Object, onChange: Function };

    date(name) {
        return deserializeDate(this.props.filters[name]);
    }

    /**
     * @param {Object} changes filters that the user has just chosen
     * @returns {Object} all that is asked for then, without what goes without saying
     */
    asked(changes) {
        const next = { ...this.props.filters, ...changes };
        const names = ["team_id", "user_id"].filter((name) => next[name]);
        if (next.period === "custom") {
            names.push("date_from", "date_to");
        }
        return Object.fromEntries(["period", ...names].map((name) => [name, next[name]]));
    }

    choose(changes) {
        this.props.onChange(this.asked(changes));
    }

    /** A team or a seller: the one lets go of the other. */
    chooseWhom(name, { target }) {
        this.choose({ team_id: false, user_id: false, [name]: Number(target.value) });
    }

    chooseDate(name, value) {
        const day = value ? serializeDate(value) : undefined;
        if (day !== this.props.filters[name]) {
            this.choose({ [name]: day });
        }
    }
}
