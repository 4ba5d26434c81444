import { registry } from "@web/core/registry";

import { HierarchyModel } from "@web_hierarchy/hierarchy_model";
import { hierarchyView } from "@web_hierarchy/hierarchy_view";

/**
 * The chart of one organization. Odoo 19.0 reads the first records before it knows the
 * context of the action, which says of what organization positions are meant.
 */
export class OrganizationChartModel extends HierarchyModel {
    get context() {
        return { ...this.env.searchModel?.globalContext, ...super.context };
    }
}

registry.category("views").add("crm_organization_chart", {
    ...hierarchyView,
    Model: OrganizationChartModel,
});
