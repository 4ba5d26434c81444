import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** An icon where something is true, with the field's label as its title. */
export class FlagField extends Component {
    static template = "crm_gestion.FlagField";
    static props = {
        ...standardFieldProps,
        icon: { type: String },
    };

    get title() {
        return this.props.record.fields[this.props.name].string;
    }
}

export const flagField = {
    component: FlagField,
    displayName: _t("Flag"),
    supportedTypes: ["boolean"],
    extractProps: ({ options }) => ({ icon: options.icon }),
};

registry.category("fields").add("crm_gestion_flag", flagField);
