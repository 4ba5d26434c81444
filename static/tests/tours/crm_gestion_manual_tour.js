import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_gestion_manual", {
    steps: () => [
        {
            content: "the first page may have to put its assets together",
            trigger: ".o_user_menu button",
            timeout: 60000,
            run: "click",
        },
        {
            trigger:
                ".o-dropdown--menu [data-menu=crm_gestion_manual][href='/crm_gestion/static/manual/index.html']",
        },
    ],
});
