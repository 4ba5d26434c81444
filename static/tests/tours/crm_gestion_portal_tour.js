import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

tours.add("crm_gestion_portal_open", {
    steps: () => [
        {
            content: "no incident yet: the page invites to open one",
            trigger: "a[href='/my/incidents/new']",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "#incident_name", run: "edit La bomba no arranca" },
        { trigger: "#incident_description", run: "edit Desde ayer por la mañana" },
        { trigger: "#incident_severity", run: "select 2_high" },
        {
            content: "a picture of it",
            trigger: "#incident_files",
            run() {
                const transfer = new DataTransfer();
                transfer.items.add(new File(["x"], "foto.txt", { type: "text/plain" }));
                document.querySelector("#incident_files").files = transfer.files;
            },
        },
        {
            trigger: ".o_crm_new_incident button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "its page, with what was told and given",
            trigger: ".o_crm_portal_incident:contains('La bomba no arranca')",
        },
        { trigger: ".o_crm_portal_incident a:contains('foto.txt')" },
    ],
});

tours.add("crm_gestion_portal_answer", {
    steps: () => [
        {
            content: "what the desk answered",
            trigger:
                "#chatterRoot:shadow .o-mail-Message:contains('¿Qué ruido hace?')",
        },
        {
            trigger: "#chatterRoot:shadow .o-mail-Composer-input",
            run: "edit Un silbido",
        },
        {
            trigger: "#chatterRoot:shadow .o-mail-Composer-send:enabled",
            run: "click",
        },
        {
            trigger: "#chatterRoot:shadow .o-mail-Message:contains('Un silbido')",
        },
    ],
});
