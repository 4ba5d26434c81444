import { registry } from "@web/core/registry";

const ASKED = ".o_notification:has(.btn-primary)";

registry.category("web_tour.tours").add("crm_gestion_declined_offer", {
    steps: () => [
        { trigger: `${ASKED} .btn:not(.btn-primary)`, run: "click" },
        { trigger: `body:not(:has(${ASKED}))` },
    ],
});
