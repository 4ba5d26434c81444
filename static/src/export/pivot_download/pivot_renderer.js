import { onWillStart } from "@odoo/owl";
import { patch } from "@web/core/utils/patch";
import { PivotRenderer } from "@web/views/pivot/pivot_renderer";
import { mayExport } from "@crm_gestion/export/may_export";

patch(PivotRenderer.prototype, {
    setup() {
        super.setup();
        onWillStart(async () => {
            this.mayExport = await mayExport();
        });
    },
});
