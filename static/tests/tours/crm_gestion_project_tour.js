import { registry } from "@web/core/registry";
import { choose } from "./crm_gestion_steps";

const tours = registry.category("web_tour.tours");
const CREATE = ".modal-footer button.btn-primary[name=action_create_project]:visible";

const seeTheProject = [
    {
        content: "the project, to read: who runs it, and where it came from",
        trigger:
            "body:not(:has(.modal)) .o_form_view .o_field_widget[name=crm_lead_id]:contains('Renovación anual')",
    },
    {
        trigger:
            ".o_form_view .o_field_widget[name=user_id]:contains('Manager'):not(:has(input))",
    },
];

tours.add("crm_gestion_project", {
    steps: () => [
        {
            trigger: ".o_statusbar_buttons button[name=action_crm_create_project]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "named after the customer and what was sold",
            trigger:
                ".modal .o_field_widget[name=name] textarea:value('Aceites del Sur - Renovación anual')",
        },
        ...choose("template_id", "Implantación"),
        {
            content: "the template says who can see it",
            trigger:
                ".modal .o_field_widget[name=privacy_visibility] input[data-value=employees]:checked",
        },
        { trigger: ".modal .o_field_widget[name=role_ids] .o_data_row:contains('Formador')" },
        { trigger: CREATE, run: "click" },
        ...seeTheProject,
        {
            content: "its tasks, to read too",
            trigger: "button[name=action_view_tasks]",
            run: "click",
        },
        { trigger: ".o_kanban_view .o_kanban_group:contains('(2)')" },
        { trigger: ".breadcrumb-item.o_back_button a", run: "click" },
        {
            content: "to the account",
            trigger: ".o_field_widget[name=partner_id] a:contains('Lucía Ferrer')",
            run: "click",
        },
        { trigger: ".o-form-buttonbox .o_button_more", run: "click" },
        {
            trigger: ".o-dropdown--menu button[name=action_crm_projects]:contains('1')",
            run: "click",
        },
        ...seeTheProject,
    ],
});

tours.add("crm_gestion_project_state", {
    steps: () => [
        {
            content: "what is shared with me, and what of the rest I am told",
            trigger:
                ".o_form_view .o_field_widget[name=crm_project_note]:contains('Interno: En riesgo (Manager)')",
            timeout: 60000,
        },
    ],
});

tours.add("crm_gestion_project_phone", {
    steps: () => [
        {
            trigger: ".o_statusbar_buttons .dropdown-toggle",
            run: "click",
            timeout: 60000,
        },
        {
            trigger: ".o-dropdown--menu button[name=action_crm_create_project]",
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=template_id] input", run: "click" },
        { trigger: ".modal .o_kanban_record:contains('Implantación')", run: "click" },
        {
            content: "who does what fits on the phone too",
            trigger:
                ".modal .o_field_widget[name=role_ids] .o_kanban_record:contains('Formador')",
        },
        { trigger: CREATE, run: "click" },
        ...seeTheProject,
    ],
});
