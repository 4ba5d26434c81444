/**
 * Ask the server whether moving an opportunity to a stage opens a dialog, and open it.
 *
 * @param {Object} services of the caller: `orm` and `action`
 * @param {number} leadId
 * @param {number} stageId
 * @returns {Promise<boolean|null>} whether the dialog was confirmed; null where the move
 *  needs no dialog
 */
export async function openRegisterDialog({ orm, action }, leadId, stageId) {
    const dialog = await orm.call("crm.lead", "action_crm_stage_dialog", [[leadId], stageId]);
    if (!dialog) {
        return null;
    }
    return new Promise((resolve, reject) => {
        action
            .doAction(dialog, { onClose: (infos) => resolve(Boolean(infos?.registered)) })
            .catch(reject);
    });
}
