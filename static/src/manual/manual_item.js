import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

const MENU = "crm_gestion.menu_crm_manual";
const MANUAL = "/crm_gestion/static/manual/index.html";

/** The manual beside Odoo's own help, for whoever has its menu. */
export function manualItem(env) {
    return {
        type: "item",
        id: "crm_gestion_manual",
        description: _t("Sales Manual"),
        href: MANUAL,
        hide: !env.services.menu.getAll().some((menu) => menu.xmlid === MENU),
        callback: () => browser.open(MANUAL, "_blank"),
        sequence: 21,
    };
}

registry.category("user_menuitems").add("crm_gestion.manual", manualItem);
