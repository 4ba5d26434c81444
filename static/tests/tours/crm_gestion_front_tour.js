import { registry } from "@web/core/registry";

const FIGURE = ".o_crm_dashboard_section[data-key=work] .o_crm_dashboard_tile";
const tours = registry.category("web_tour.tours");

const openFromMenu = (menu) => [
    {
        content: "one menu, one click",
        trigger: "button[data-menu-xmlid='crm.crm_menu_sales']",
        run: "click",
        timeout: 60000,
    },
    { trigger: `[data-menu-xmlid='crm_gestion.${menu}']`, run: "click" },
];

const figureToListAndBack = [
    {
        content: "figures of this month",
        trigger: `${FIGURE} button:contains(/^1$/)`,
        timeout: 60000,
    },
    { trigger: "select[name=period]", run: "select last_year" },
    { trigger: `${FIGURE} button:contains(/^2$/)`, run: "click" },
    {
        content: "the records that were counted",
        trigger: ".o_list_view:has(.o_data_row:eq(1)):not(:has(.o_data_row:eq(2)))",
    },
    { trigger: ".breadcrumb-item.o_back_button a", run: "click" },
    {
        content: "the page is as it was left",
        trigger: `${FIGURE} button:contains(/^2$/)`,
        run() {
            const { value } = document.querySelector("select[name=period]");
            if (value !== "last_year" || !location.search.includes("period=last_year")) {
                throw new Error(`the period is ${value}, the address ${location.href}`);
            }
        },
    },
];

tours.add("crm_gestion_front_seller", {
    steps: () => [
        ...openFromMenu("menu_crm_dashboard_seller"),
        ...figureToListAndBack,
        {
            content: "a bar opens its records too",
            trigger: "[data-key=stages] canvas",
            run() {
                const canvas = document.querySelector("[data-key=stages] canvas");
                const chart = window.Chart.getChart(canvas);
                const { x, y } = chart.getDatasetMeta(0).data[0].getCenterPoint();
                const { left, top } = canvas.getBoundingClientRect();
                const at = { clientX: left + x, clientY: top + y, bubbles: true };
                canvas.dispatchEvent(new MouseEvent("click", at));
            },
        },
        { trigger: ".o_list_view .o_data_row:contains('Renovación anual')" },
    ],
});

tours.add("crm_gestion_front_head", {
    steps: () => [
        ...openFromMenu("menu_crm_dashboard_head"),
        ...figureToListAndBack,
        { trigger: "select[name=user_id]", run: "selectByLabel Colleague" },
        {
            content: "of one seller: nothing, and nothing to open",
            trigger: `${FIGURE}:not(:has(button)):contains(/^.*0$/)`,
        },
    ],
});

tours.add("crm_gestion_front_director", {
    steps: () => [
        ...openFromMenu("menu_crm_dashboard_director"),
        ...figureToListAndBack,
        { trigger: "select[name=team_id]", run: "selectByLabel South" },
        { trigger: `${FIGURE}:not(:has(button))` },
        { trigger: ".o_crm_dashboard_refresh:enabled", run: "click" },
        { trigger: `${FIGURE}:not(:has(button))` },
    ],
});

tours.add("crm_gestion_front_phone", {
    steps: () => [
        {
            content: "one column, nothing wider than the phone",
            trigger: "[data-key=table] table",
            timeout: 60000,
            run() {
                const root = document.querySelector(".o_crm_dashboard");
                if (root.scrollWidth > root.clientWidth) {
                    throw new Error(`${root.scrollWidth} wide on ${root.clientWidth}`);
                }
                const sections = [...document.querySelectorAll(".o_crm_dashboard_section")];
                if (new Set(sections.map((section) => section.offsetLeft)).size > 1) {
                    throw new Error("more than one column");
                }
                const box = document.querySelector("[data-key=table] .table-responsive");
                box.scrollLeft = 200;
                const name = box.querySelector("tbody th").getBoundingClientRect();
                if (!box.scrollLeft || name.left < box.getBoundingClientRect().left) {
                    throw new Error("the name of the row has left with its figures");
                }
            },
        },
        { trigger: `${FIGURE} button`, run: "click" },
        { trigger: ".o_list_view .o_data_row" },
    ],
});

tours.add("crm_gestion_front_opens", {
    steps: () => [
        {
            content: "all that the server sends is shown",
            trigger: ".o_crm_dashboard_grid",
            timeout: 60000,
        },
    ],
});
