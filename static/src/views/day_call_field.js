import { Component, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * Buttons that call a number or open a conversation with it. Whoever comes back to the
 * page from there is asked what came of it.
 */
export class DayCallField extends Component {
    static template = "crm_gestion.DayCallField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.away = false;
        this.onChange = () => (this.isHere() ? this.onReturn() : this.onLeave());
        this.onLeave = () => (this.away = true);
        this.onReturn = () => this.away && this.offerResult();
        onWillUnmount(() => this.stopWaiting());
    }

    get phone() {
        return this.props.record.data[this.props.name];
    }

    get phoneHref() {
        return `tel:${this.phone.replace(/\s+/g, "")}`;
    }

    get whatsapp() {
        return this.props.record.data.whatsapp;
    }

    /** The link itself is followed by the browser. */
    onClick() {
        this.stopWaiting();
        document.addEventListener("visibilitychange", this.onChange);
        window.addEventListener("blur", this.onLeave);
        window.addEventListener("focus", this.onReturn);
    }

    isHere() {
        return document.visibilityState === "visible";
    }

    stopWaiting() {
        this.away = false;
        document.removeEventListener("visibilitychange", this.onChange);
        window.removeEventListener("blur", this.onLeave);
        window.removeEventListener("focus", this.onReturn);
    }

    async offerResult() {
        this.stopWaiting();
        const { record } = this.props;
        const dialog = await this.orm.call(record.resModel, "action_register", [[record.resId]]);
        return this.action.doAction(dialog, { onClose: () => record.model.load() });
    }
}

export const dayCallField = {
    component: DayCallField,
    displayName: _t("Call and WhatsApp"),
    supportedTypes: ["char"],
    fieldDependencies: [{ name: "whatsapp", type: "char" }],
};

registry.category("fields").add("crm_day_call", dayCallField);
