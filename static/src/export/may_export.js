import { user } from "@web/core/user";

/**
 * What the server decides, for the screen to show only what works: who has a role in
 * sales below the director takes no data away and brings none in.
 *
 * @returns {Promise<boolean>}
 */
export async function mayExport() {
    const [seller, director] = await Promise.all([
        user.hasGroup("crm_gestion.group_seller"),
        user.hasGroup("crm_gestion.group_sales_director"),
    ]);
    return !seller || director || user.isSystem;
}
