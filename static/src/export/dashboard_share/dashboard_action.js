import { onWillStart } from "@odoo/owl";
import { mayExport } from "@crm_gestion/export/may_export";
import { SpreadsheetDashboardAction } from "@spreadsheet_dashboard/bundle/dashboard_action/dashboard_action";
import { patch } from "@web/core/utils/patch";

patch(SpreadsheetDashboardAction.prototype, {
    setup() {
        super.setup();
        onWillStart(async () => {
            this.mayExport = await mayExport();
        });
    },
});
