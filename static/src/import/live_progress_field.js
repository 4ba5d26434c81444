import { Component, onMounted, onWillUnmount } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const EVERY = 3000;

/**
 * How far a work in the background is. While it goes on, and nothing is being edited,
 * the record is read again every few seconds.
 */
export class LiveProgressField extends Component {
    static template = "crm_gestion.LiveProgressField";
    static props = { ...standardFieldProps, workField: { type: String } };

    setup() {
        let timer;
        onMounted(() => {
            timer = browser.setInterval(() => this.refresh(), EVERY);
        });
        onWillUnmount(() => browser.clearInterval(timer));
    }

    get percent() {
        return Math.round(this.props.record.data[this.props.name]);
    }

    async refresh() {
        const { record, workField } = this.props;
        if (record.data[workField] && record.resId && !(await record.isDirty())) {
            await record.load();
        }
    }
}

export const liveProgressField = {
    component: LiveProgressField,
    displayName: _t("Progress of a Work"),
    supportedTypes: ["float"],
    isEmpty: () => false,
    extractProps: ({ options }) => ({ workField: options.work_field }),
};

registry.category("fields").add("crm_live_progress", liveProgressField);
