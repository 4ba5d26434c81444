import {
    RottingStatusBarDurationField,
    rottingStatusBarDurationField,
} from "@mail/js/rotting_mixin/rotting_statusbar";
import { checkRainbowmanMessage } from "@crm/views/check_rainbowman_message";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { openRegisterDialog } from "./register_dialog";

/** Clicking a stage of the method opens the dialog that registers an activity. */
export class StageStatusBarField extends RottingStatusBarDurationField {
    setup() {
        super.setup();
        this.orm = useService("orm");
        this.action = useService("action");
        this.effect = useService("effect");
    }

    /** @override */
    async selectItem(item) {
        const { record } = this.props;
        const saved = record.resId && (await record.save());
        if (!saved) {
            return record.resId ? undefined : super.selectItem(item);
        }
        const confirmed = await openRegisterDialog(this, record.resId, item.value);
        if (confirmed === null) {
            return super.selectItem(item);
        }
        await record.load();
        if (confirmed) {
            await checkRainbowmanMessage(this.orm, this.effect, record.resId);
        }
    }
}

export const stageStatusBarField = {
    ...rottingStatusBarDurationField,
    component: StageStatusBarField,
};

registry.category("fields").add("crm_gestion_statusbar", stageStatusBarField);
