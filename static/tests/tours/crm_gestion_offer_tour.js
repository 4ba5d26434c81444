import { registry } from "@web/core/registry";

const ASKED = ".o_crm_first_steps_offer";

registry.category("web_tour.tours").add("crm_gestion_declined_offer", {
    steps: () => [
        { trigger: `${ASKED} button:contains(Not Now)`, run: "click" },
        { trigger: `body:not(:has(${ASKED}))`, timeout: 30000 },
    ],
});
