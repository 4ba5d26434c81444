import { registry } from "@web/core/registry";
import { App } from "@odoo/owl";

const MANAGEMENT = ".o_search_panel li:contains(Sales Management)";

/** @returns {object} the getters of the spreadsheet on the screen */
function getters() {
    const nodes = [...App.apps].map((app) => app.root);
    while (nodes.length) {
        const node = nodes.pop();
        const model = node.component?.props?.model;
        if (model?.getters?.getEvaluatedCell) {
            return model.getters;
        }
        nodes.push(...Object.values(node.children));
    }
    throw new Error("No spreadsheet on the screen");
}

/** What is drawn on a canvas is no text of the page: the sheet tells. */
async function eventually(read, expected) {
    let found;
    for (let i = 0; i < 100; i++) {
        found = JSON.stringify(read());
        if (found === JSON.stringify(expected)) {
            return;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`${found} instead of ${JSON.stringify(expected)}`);
}

function data(column) {
    const sheetId = getters().getSheetIdByName("Data");
    return [1, 2, 3, 4, 5, 6, 7, 8, 9].map(
        (row) => getters().getEvaluatedCell({ sheetId, col: column, row }).value
    );
}

registry.category("web_tour.tours").add("crm_gestion_sheet", {
    steps: () => [
        { trigger: MANAGEMENT, timeout: 60000, run: "click" },
        {
            content: "Won amount, won, decided, conversion, open, pipeline, gestiones",
            trigger: ".o-spreadsheet .o-figure",
            timeout: 60000,
            run: () => eventually(() => data(1), [1500, 2, 3, 2 / 3, 1, 700, 70, 2, 1]),
        },
    ],
});

registry.category("web_tour.tours").add("crm_gestion_sheet_none", {
    steps: () => [
        {
            trigger: ".o_search_panel li:contains(Of the Test)",
            timeout: 60000,
            run: () => {
                const all = document.querySelector(".o_search_panel").textContent;
                if (all.includes("Sales Management")) {
                    throw new Error("This dashboard is the director's");
                }
            },
        },
    ],
});
