import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { registry } from "@web/core/registry";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";

/**
 * Cards whose buttons and links work by the keyboard. Odoo takes Enter and the space bar
 * for the card, and a button in it that has the focus would never hear of them.
 */
export class ButtonKanbanRenderer extends KanbanRenderer {
    setup() {
        super.setup();
        const press = (keys, selector) =>
            useHotkey(keys, ({ target }) => target.click(), {
                // of hotkeys with an area, the one of the closest area is asked
                area: () => this.rootRef.el?.querySelector(".o_kanban_record:focus-within"),
                isAvailable: (target) => target.matches(selector),
            });
        press("enter", "button, a[href]");
        press("space", "button");
    }
}

export const buttonKanbanView = { ...kanbanView, Renderer: ButtonKanbanRenderer };

registry.category("views").add("crm_gestion_button_kanban", buttonKanbanView);
