import { useService } from "@web/core/utils/hooks";

/**
 * @returns {(drill: Object) => Promise<void>} opens the records behind a figure: a list
 *  of them, or what a method of theirs answers; see `crm.dashboard.part` for its shape
 */
export function useDrill() {
    const action = useService("action");
    const orm = useService("orm");
    return async function open({ context, domain, ids, method, model, name }) {
        const next = method
            ? await orm.call(model, method, [ids])
            : {
                  type: "ir.actions.act_window",
                  name,
                  res_model: model,
                  views: [
                      [false, "list"],
                      [false, "form"],
                  ],
                  domain,
                  context,
              };
        if (next) {
            await action.doAction(next);
        }
    };
}
