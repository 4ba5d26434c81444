import { Component, onWillStart } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

/** Logs an interaction from wherever a seller is. */
export class LogGestion extends Component {
    static template = "crm_gestion.LogGestion";
    static props = {};

    setup() {
        this.action = useService("action");
        onWillStart(async () => {
            this.isSeller = await user.hasGroup("crm_gestion.group_seller");
        });
    }

    onClick() {
        this.action.doAction("crm_gestion.crm_gestion_log_action");
    }
}

registry
    .category("systray")
    .add("crm_gestion.log_gestion", { Component: LogGestion }, { sequence: 30 });
