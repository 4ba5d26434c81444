import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/** Choose a record by its name in a many2one field. */
function choose(field, name) {
    return [
        {
            trigger: `.o_field_widget[name=${field}] input`,
            run: `edit ${name}`,
        },
        {
            trigger: `.o-autocomplete--dropdown-item:not(.o_m2o_dropdown_option):contains("${name}")`,
            run: "click",
        },
    ];
}

function openMenu(section, xmlid) {
    return [
        {
            trigger: `.o_menu_sections [data-menu-xmlid="${section}"]`,
            run: "click",
        },
        {
            trigger: `.o-dropdown--menu [data-menu-xmlid="${xmlid}"]`,
            run: "click",
        },
    ];
}

const visible = (selector, name = "") =>
    [...document.querySelectorAll(selector)].find(
        (element) => element.offsetParent && element.textContent.includes(name)
    );

/** The bar of stages folds those into menus for which the form has no room. */
function clickStage(name) {
    const inline = ".o_statusbar_status .o_arrow_button:not(.dropdown-toggle)";
    return [
        {
            trigger: ".o_statusbar_status",
            async run() {
                const stage = visible(inline, name);
                if (stage) {
                    stage.click();
                    return;
                }
                visible(".o_statusbar_status .dropdown-toggle").click();
                await new Promise((resolve) => setTimeout(resolve, 500));
                visible(".o-dropdown--menu .dropdown-item", name).click();
            },
        },
    ];
}

function isInStage(name) {
    return {
        trigger: `body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:visible:contains("${name}"), body:not(:has(.modal)) .o_statusbar_status .dropdown-toggle:visible:contains("${name}")`,
    };
}

const dialogFor = (stage) => ({
    trigger: `.modal .o_field_widget[name=stage_id] input:value("${stage}")`,
});

/** Fill the dialog "Register Activity" and confirm it. */
function register(stage, missing = []) {
    return [
        dialogFor(stage),
        ...choose("result_id", "Interés inicial"),
        {
            content: "the result proposes the next step",
            trigger:
                ".modal .o_field_widget[name=next_activity_type_id] input:value('Reunión')",
        },
        ...missing,
        { trigger: ".modal button[name=action_register]", run: "click" },
    ];
}

const closingDate = [
    {
        trigger: ".modal .o_field_widget[name=date_deadline] input",
        run: "edit 31/12/2030",
    },
];

const lines = [
    {
        trigger: ".modal .o_field_widget[name=line_ids] .o_field_x2many_list_row_add a",
        run: "click",
    },
    {
        trigger: ".modal .o_selected_row .o_field_widget[name=product_id] input",
        run: "edit Licencia",
    },
    {
        trigger: ".o-autocomplete--dropdown-item:contains('Licencia')",
        run: "click",
    },
    {
        content: "the price is that of the customer's pricelist",
        trigger:
            ".modal .o_selected_row .o_field_widget[name=price_unit] input:value('100,00')",
    },
];

// The guide, sections 3.1 to 3.4, as a seller whose screen is in Spanish.
registry.category("web_tour.tours").add("crm_gestion_seller", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='crm.crm_menu_root']",
            run: "click",
        },
        {
            content: "the first page may have to put its assets together",
            trigger: ".o_opportunity_kanban .o_kanban_group",
            timeout: 60000,
        },

        // 3.1 Registrar una gestión
        ...openMenu("crm.crm_menu_sales", "crm_gestion.menu_crm_gestion"),
        { trigger: ".o_breadcrumb .active:contains('Gestiones')" },
        { trigger: ".o_list_button_add", run: "click" },
        ...choose("activity_type_id", "Llamada"),
        ...choose("contact_id", "Lucía Ferrer"),
        {
            content: "the contact's organization comes by itself",
            trigger:
                ".o_field_widget[name=organization_id] input:value('Aceites del Sur')",
        },
        ...choose("result_id", "Interés inicial"),
        {
            content: "the result proposes the next step",
            trigger: ".o_field_widget[name=next_activity_type_id] input:value('Reunión')",
        },
        {
            trigger: ".o_field_widget[name=description] textarea",
            run: "edit Cambian de proveedor este año.",
        },
        ...stepUtils.saveForm(),

        // 3.2 Crear la oportunidad
        {
            trigger: "button.btn-primary[name=action_create_opportunity]",
            run: "click",
        },
        {
            trigger:
                ".o_lead_opportunity_form .o_field_widget[name=organization_id] input:value('Aceites del Sur')",
        },
        {
            trigger: ".o_field_widget[name=name] textarea",
            run: "edit Venta de software a Aceites del Sur",
        },
        ...stepUtils.saveForm(),

        // 3.3 Las etapas: cada una pide lo que le falta
        ...clickStage("Presentar Productos"),
        ...register("Presentar Productos"),
        isInStage("Presentar Productos"),
        { trigger: "button[name=action_register_activity]", run: "click" },
        ...register("Dimensionar Propuesta", closingDate),
        isInStage("Dimensionar Propuesta"),
        ...clickStage("Negociar Propuesta"),
        ...register("Negociar Propuesta", lines),
        isInStage("Negociar Propuesta"),

        // el pedido de venta, de las líneas de la oportunidad
        { trigger: "button[name=action_crm_generate_order]", run: "click" },
        {
            trigger: ".modal .o_field_widget[name=source] input[data-value=lines]:checked",
        },
        {
            content: "what will be made",
            trigger: ".modal .o_field_widget[name=preview]:contains('Licencia anual')",
        },
        {
            trigger: ".modal .o_field_widget[name=confirm] input",
            run: "click",
        },
        { trigger: ".modal button[name=action_generate]:visible", run: "click" },
        {
            trigger:
                ".o_form_view .o_field_widget[name=state] .o_arrow_button_current:contains('Orden de venta'), .o_form_view .o_field_widget[name=state] .o_arrow_button_current:contains('Pedido de venta')",
        },
        {
            trigger: ".o_breadcrumb a:contains('Venta de software')",
            run: "click",
        },
        {
            trigger:
                ".o_statusbar_status button:visible:contains('Generar Pedido de Venta')",
        },
        { trigger: ".o_lead_opportunity_form .ribbon:contains('Ganado')" },
    ],
});

// 3.4: another one is paused, found again under its own filter, and resumed.
registry.category("web_tour.tours").add("crm_gestion_standby", {
    url: "/odoo/opportunities",
    steps: () => [
        {
            trigger: ".o_data_row .o_data_cell:contains('Renovación anual')",
            run: "click",
        },
        { trigger: "button[name=action_crm_close]", run: "click" },
        {
            trigger: ".modal .o_field_widget[name=kind] input[data-value=standby]:checked",
        },
        ...choose("reason_id", "Presupuesto de un período posterior"),
        {
            trigger: ".modal .o_field_widget[name=note] textarea",
            run: "edit Presupuesto en junio",
        },
        { trigger: ".modal button[name=action_close]", run: "click" },
        { trigger: ".ribbon:contains('Standby')" },
        {
            trigger: ".o_breadcrumb a:contains('Oportunidades')",
            run: "click",
        },
        {
            content: "what is paused is not in the list of what is open",
            trigger: ".o_list_view:not(:has(.o_data_row:contains('Renovación anual')))",
        },
        { trigger: ".o_searchview_dropdown_toggler", run: "click" },
        {
            trigger: ".o_filter_menu .o_menu_item:contains('Standby')",
            run: "click",
        },
        {
            trigger: ".o_data_row .o_data_cell:contains('Renovación anual')",
            run: "click",
        },
        { trigger: "button[name=action_crm_postpone]", run: "click" },
        ...choose("reason_id", "Presupuesto de un período posterior"),
        { trigger: ".modal button[name=action_close]", run: "click" },
        { trigger: "body:not(:has(.modal)) .ribbon:contains('Standby')" },
        { trigger: "button[name=action_crm_resume]", run: "click" },
        {
            trigger: "button[name=action_crm_close]",
        },
        { trigger: ".o_lead_opportunity_form:not(:has(.ribbon:contains('Standby')))" },
    ],
});

// Odoo's own Lost, from the menu of a list, opens the dialog of the method.
registry.category("web_tour.tours").add("crm_gestion_native_lost", {
    url: "/odoo/opportunities",
    steps: () => [
        {
            trigger:
                ".o_data_row:has(.o_data_cell:contains('Renovación anual')) .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .o_menu_item:contains('perdid')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=kind] input[data-value=rejected]:checked",
        },
        ...choose("reason_id", "Precio demasiado alto"),
        { trigger: ".modal button[name=action_close]", run: "click" },
        {
            trigger: ".o_list_view:not(:has(.o_data_row:contains('Renovación anual')))",
        },
    ],
});

// A card is dropped on the next stages, up to the order.
registry.category("web_tour.tours").add("crm_gestion_drag", {
    url: "/odoo/crm",
    steps: () => {
        const column = (stage) => `.o_kanban_group:has(.o_column_title:contains("${stage}"))`;
        const card = ".o_kanban_record:contains('Renovación anual')";
        const drag = (from, to) => ({
            trigger: `${column(from)} ${card}`,
            run: `drag_and_drop (${column(to)})`,
        });
        return [
            drag("Generar Interés", "Presentar Productos"),
            dialogFor("Presentar Productos"),
            { trigger: ".modal footer button.btn-secondary:visible", run: "click" },
            {
                content: "cancelling puts the card back",
                trigger: `body:not(:has(.modal)) ${column("Generar Interés")} ${card}`,
            },
            drag("Generar Interés", "Presentar Productos"),
            ...register("Presentar Productos"),
            drag("Presentar Productos", "Dimensionar Propuesta"),
            ...register("Dimensionar Propuesta", closingDate),
            drag("Dimensionar Propuesta", "Negociar Propuesta"),
            ...register("Negociar Propuesta", lines),
            drag("Negociar Propuesta", "Generar Pedido de Venta"),
            dialogFor("Generar Pedido de Venta"),
            {
                content: "the last stage is reached with an order",
                trigger: ".modal footer button[name=action_generate_order]:visible",
                run: "click",
            },
            {
                trigger:
                    ".modal .o_field_widget[name=source] input[data-value=lines]:checked",
            },
            { trigger: ".modal .o_field_widget[name=confirm] input", run: "click" },
            { trigger: ".modal button[name=action_generate]:visible", run: "click" },
            { trigger: ".o_form_view .o_field_widget[name=order_line]" },
            { trigger: ".o_breadcrumb a:contains('Flujo')", run: "click" },
            { trigger: `${column("Generar Pedido de Venta")} ${card}` },
        ];
    },
});

// The same dialog on a phone, where lists of choices fill the screen.
registry.category("web_tour.tours").add("crm_gestion_phone", {
    steps: () => [
        {
            content: "the first page may have to put its assets together",
            trigger: "button[name=action_register_activity]",
            timeout: 60000,
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=result_id] input", run: "click" },
        {
            trigger: ".modal .o_kanban_record:contains('Interés inicial')",
            run: "click",
        },
        {
            trigger:
                ".modal .o_field_widget[name=next_activity_type_id] input:value('Reunión')",
        },
        {
            trigger: ".modal .o_field_widget[name=description] textarea",
            run: "edit Llamé desde el coche",
        },
        { trigger: ".modal button[name=action_register]", run: "click" },
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status .dropdown-toggle:visible:contains('Presentar Productos')",
        },
    ],
});
