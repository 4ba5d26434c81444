import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { countdownText } from "./countdown";

const { DateTime } = luxon;

const MINUTE = 60000;
const COLORS = {
    ok: "text-success",
    soon: "text-warning-emphasis fw-bold",
    late: "text-danger fw-bold",
    met: "text-success",
    missed: "text-danger",
};
const ICONS = { late: "fa-exclamation-circle", met: "fa-check", missed: "fa-times" };

/**
 * The target of an incident that runs, counted down by the minute without asking the
 * server: it turns late by itself. Of a solved one it says whether its target was met.
 */
export class CountdownField extends Component {
    static template = "crm_gestion.CountdownField";
    static props = { ...standardFieldProps };

    setup() {
        this.clock = useState({ now: DateTime.now() });
        let timer;
        onMounted(() => {
            timer = browser.setInterval(() => (this.clock.now = DateTime.now()), MINUTE);
        });
        onWillUnmount(() => browser.clearInterval(timer));
    }

    get deadline() {
        return this.props.record.data[this.props.name];
    }

    get state() {
        const state = this.props.record.data.crm_target_state;
        return this.deadline && this.deadline < this.clock.now ? "late" : state;
    }

    get text() {
        if (this.deadline) {
            return countdownText(this.deadline, this.clock.now);
        }
        return { met: _t("in time"), missed: _t("too late") }[this.state] || "";
    }

    get title() {
        return this.deadline ? this.deadline.toLocaleString(DateTime.DATETIME_MED) : "";
    }

    get className() {
        return COLORS[this.state] || "text-700";
    }

    get icon() {
        return ICONS[this.state] || "fa-clock-o";
    }
}

export const countdownField = {
    component: CountdownField,
    displayName: _t("Countdown"),
    supportedTypes: ["datetime"],
    fieldDependencies: [{ name: "crm_target_state", type: "selection" }],
    isEmpty: () => false,
};

registry.category("fields").add("crm_countdown", countdownField);
