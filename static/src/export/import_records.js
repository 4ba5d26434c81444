import { registry } from "@web/core/registry";
import { mayExport } from "./may_export";

/** Not imported from base_import, on which nothing of ours depends: found once all
 * modules are there. */
export const importRecordsGuard = {
    start() {
        const menu = registry.category("cogMenu");
        const item = menu.get("import-menu", null);
        if (item) {
            const isDisplayed = async (env) =>
                item.isDisplayed(env) && (await mayExport());
            const guarded = { ...item, isDisplayed };
            menu.add("import-menu", guarded, { force: true, sequence: 1 });
        }
    },
};

registry.category("services").add("crm_gestion.import_records", importRecordsGuard);
