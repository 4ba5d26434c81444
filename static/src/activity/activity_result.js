import { Activity } from "@mail/core/common/activity_model";
import { ActivityMarkAsDone } from "@mail/core/web/activity_markasdone_popover";
import { onWillStart, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";

let results;

/** The masters of results, read once; without them an activity can be done all the same. */
function loadResults(orm) {
    results ??= orm.searchRead("crm.gestion.result", [], ["name"]).catch(() => {
        results = undefined;
        return [];
    });
    return results;
}

patch(ActivityMarkAsDone.prototype, {
    setup() {
        super.setup(...arguments);
        this.crmState = useState({ results: [], resultId: "" });
        if (this.props.activity.crm_is_gestion) {
            const orm = useService("orm");
            onWillStart(async () => {
                this.crmState.results = await loadResults(orm);
            });
        }
    },
    onChangeCrmResult(ev) {
        this.crmState.resultId = ev.target.value;
        this.props.activity.crmResultId = Number(ev.target.value);
    },
});

patch(Activity.prototype, {
    async markAsDone() {
        await this.crmKeepResult();
        await super.markAsDone(...arguments);
        if (!this.crmResultId) {
            return;
        }
        const { action, orm } = this.store.env.services;
        const dialog = await orm.call("mail.activity", "action_crm_complete", [[this.id]]);
        if (dialog) {
            await action.doAction(dialog);
        }
    },
    async markAsDoneAndScheduleNext() {
        await this.crmKeepResult();
        return super.markAsDoneAndScheduleNext(...arguments);
    },
    /** The gestión that the activity becomes takes its result from it. */
    async crmKeepResult() {
        if (this.crmResultId) {
            await this.store.env.services.orm.write("mail.activity", [this.id], {
                crm_result_id: this.crmResultId,
            });
        }
    },
});
