import { registry } from "@web/core/registry";

const QUESTOR = ".o_data_row:has(.o_data_cell[name=name]:contains('Questor'))";

registry.category("web_tour.tours").add("crm_gestion_takeover", {
    steps: () => [
        {
            content: "an empty list says what it is for",
            trigger: ".o_view_nocontent_smiling_face",
            timeout: 60000,
        },
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: "button[name=action_preview]", run: "click" },
        {
            content: "what was found, kind by kind: here the titles",
            trigger:
                ".o_field_widget[name=part_ids] .o_data_row:contains('Job titles')" +
                " button[name=action_view_lines]",
            run: "click",
        },
        {
            content: "spellings of the same title are together",
            trigger: ".o_group_header:contains('Quaestor (3)')",
            run: "click",
        },
        { trigger: `${QUESTOR} .o_data_cell[name=action]`, run: "click" },
        {
            content: "this one is no Quaestor",
            trigger: ".o_selected_row .o_field_widget[name=action] input",
            run: "click",
        },
        { trigger: ".o_select_menu_item:contains('Leave')", run: "click" },
        { trigger: ".o_list_button_save", run: "click" },
        { trigger: ".o_breadcrumb .breadcrumb-item.o_back_button a", run: "click" },
        { trigger: "button[name=action_start]", run: "click" },
        { trigger: ".modal .modal-footer .btn-primary", run: "click" },
        {
            content: "and back",
            trigger: ".alert-success:contains('Everything is taken over')",
        },
        { trigger: "button[name=action_undo]", run: "click" },
        { trigger: ".modal .modal-footer .btn-primary", run: "click" },
        { trigger: ".alert-info:contains('was taken back')" },
    ],
});
