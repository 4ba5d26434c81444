import { CrmKanbanDynamicGroupList } from "@crm/views/crm_kanban/crm_kanban_model";
import { checkRainbowmanMessage } from "@crm/views/check_rainbowman_message";
import { patch } from "@web/core/utils/patch";
import { openRegisterDialog } from "./register_dialog";

/** A card dropped on a stage of the method opens the dialog that registers an activity. */
patch(CrmKanbanDynamicGroupList.prototype, {
    async moveRecord(dataRecordId, dataGroupId, refId, targetGroupId) {
        const sourceGroup = this.groups.find((group) => group.id === dataGroupId);
        const targetGroup = this.groups.find((group) => group.id === targetGroupId);
        const asks =
            sourceGroup &&
            targetGroup?.value &&
            sourceGroup !== targetGroup &&
            targetGroup.groupByField.name === "stage_id";
        if (!asks) {
            return super.moveRecord(...arguments);
        }
        const { orm, effect, env } = this.model;
        const record = sourceGroup.list.records.find(({ id }) => id === dataRecordId);
        const services = { orm, action: env.services.action };
        const confirmed = await openRegisterDialog(services, record.resId, targetGroup.value);
        if (confirmed === null) {
            return super.moveRecord(...arguments);
        }
        if (confirmed) {
            await this.model.load();
            await checkRainbowmanMessage(orm, effect, record.resId);
        }
    },
});
