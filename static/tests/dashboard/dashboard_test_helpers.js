import { expect } from "@odoo/hoot";

import { CrmDashboard } from "@crm_gestion/dashboard/dashboard/dashboard";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import {
    makeServerError,
    mockService,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";

export const MODEL = "crm.dashboard.seller";

export function defineDashboardModels() {
    defineMailModels();
    // what no test answers is not to be asked: it would be an unverified step
    onRpc(({ method, model }) => expect.step(`${model}.${method}`));
}

export const figure = (value, format = "integer", content = {}) => ({
    label: false,
    value,
    format,
    tone: false,
    note: false,
    drill: false,
    ...content,
});

export const drill = (name, content = {}) => ({
    name,
    model: "crm.lead",
    domain: [["stage_id", "=", 3]],
    context: { create: false },
    count: 2,
    measure: false,
    ...content,
});

/** What `drill` opens. */
export const listOf = (name) => ({
    type: "ir.actions.act_window",
    name,
    res_model: "crm.lead",
    views: [
        [false, "list"],
        [false, "form"],
    ],
    domain: [["stage_id", "=", 3]],
    context: { create: false },
});

export const section = (kind, content = {}) => ({
    key: kind,
    title: `Some ${kind}`,
    kind,
    size: "half",
    help: false,
    empty: `No ${kind}.`,
    drill: false,
    ...content,
});

export const bars = (content = {}) =>
    section("bars", {
        horizontal: false,
        stacked: false,
        labels: ["Interest", "Proposal"],
        series: [
            {
                name: "Opportunities",
                tone: false,
                points: [figure(4, "integer", { drill: drill("Interest") }), figure(1)],
            },
        ],
        ...content,
    });

export const page = (sections, filters = {}) => ({
    title: "My Dashboard",
    name: MODEL,
    subtitle: "Ana, 11/01/2026 – 11/30/2026",
    company: "Ours",
    currency_id: 1,
    now: "2026-11-22 12:00:00",
    filters: {
        period: "month",
        date_from: "2026-11-01",
        date_to: "2026-11-30",
        team_id: false,
        user_id: false,
        periods: [
            ["month", "This Month"],
            ["year", "This Year"],
            ["custom", "Other Dates"],
        ],
        teams: [
            [7, "North"],
            [8, "South"],
        ],
        users: [[5, "Ana"]],
        ...filters,
    },
    sections,
});

/** The server answers with `sections`, or refuses where they are a string. */
export function answer(sections) {
    onRpc(MODEL, "get_data", ({ args: [asked] }) => {
        expect.step(asked);
        if (typeof sections === "string") {
            throw makeServerError({ message: sections });
        }
        return page(sections, asked);
    });
}

export function stepActions() {
    mockService("action", { doAction: (action) => expect.step(action) });
}

export function mountDashboard(props = {}) {
    return mountWithCleanup(CrmDashboard, {
        props: { action: { id: 1, params: { model: MODEL } }, className: "o_action", ...props },
    });
}
