import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_gestion_activity_done", {
    steps: () => [
        {
            content: "Mark the planned call done",
            trigger: ".o-mail-Activity-markDone",
            run: "click",
        },
        {
            trigger: ".o-mail-ActivityMarkAsDone textarea",
            run: "edit Llamará la semana que viene",
        },
        {
            content: "Choose what came of it",
            trigger: ".o-mail-ActivityMarkAsDone select.o_crm_gestion_result",
            run: "selectByLabel No contesta",
        },
        {
            trigger: ".o-mail-ActivityMarkAsDone button.btn-primary.mx-2",
            run: "click",
        },
        {
            content: "It is done",
            trigger: ".o-mail-Thread .o-mail-Message:contains(Llamará la semana que viene)",
        },
        {
            content: "Find the gestión on the opportunity",
            trigger: ".oe_stat_button[name=action_view_gestiones]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(No contesta)",
        },
    ],
});
