import { registry } from "@web/core/registry";
import { mayExport } from "./may_export";

// Not imported from base_import, on which nothing of ours depends.
const menu = registry.category("cogMenu");
const item = menu.get("import-menu", null);
if (item) {
    const isDisplayed = async (env) => item.isDisplayed(env) && (await mayExport());
    menu.add("import-menu", { ...item, isDisplayed }, { force: true, sequence: 1 });
}
