/**
 * Walks through the screens of the add-on as its user finds them, and complains of what
 * a narrow screen does not show: for tests, which start it as `crmGestionWalk(...)`.
 */

const SECONDS = 30;
const LOADING = ".o_loading_indicator, .o_blockUI";
const ERRORS = ".o_notification:has(.bg-danger)";
const OPENED = ".o_action_manager > .o_action, .modal";
// Odoo's own: a wide table, or steps in a row, move sideways inside the screen.
const SIDEWAYS = [
    ".o_list_renderer",
    ".o_kanban_renderer",
    ".o_pivot",
    ".table-responsive",
    ".o_statusbar_status",
    ".o_notebook_headers",
    ".o-mail-Chatter-topbar",
    ".o_calendar_container",
    ".o_graph_view",
    ".o_field_x2many_list",
].join();
const RECORD = [
    ".o_data_row .o_data_cell",
    ".o_kanban_renderer .o_kanban_record:not(.o_kanban_ghost)",
].join();

const services = () => odoo.__WOWL_DEBUG__.root.env.services;
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

async function until(check, what) {
    for (let time = 0; time < SECONDS * 20; time++) {
        if (check()) {
            return;
        }
        await sleep(50);
    }
    throw new Error(`waited in vain for ${what}`);
}

async function settled(what) {
    await sleep(250);
    await until(
        () => document.querySelector(OPENED) && !document.querySelector(LOADING),
        what
    );
    await sleep(150);
}

const describe = (element) =>
    `${element.tagName.toLowerCase()}.${element.className} ${element.getAttribute("name") || ""}`;

function isReachable(element) {
    for (let box = element.parentElement; box; box = box.parentElement) {
        const { overflowX } = getComputedStyle(box);
        const { left, right } = box.getBoundingClientRect();
        const inside = left >= -1 && right <= innerWidth + 1;
        if (inside && box.matches(SIDEWAYS) && box.scrollWidth > box.clientWidth) {
            return true;
        }
        // a text that is too long ends in dots
        if (inside && overflowX === "hidden" && box.matches(".text-truncate, .o_input")) {
            return true;
        }
    }
    return false;
}

/** What is wider than the screen, and what lies beside it where nobody gets at it. */
function overflow() {
    const found = [];
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth > innerWidth) {
        found.push(`the page is ${scrollWidth} wide`);
    }
    const modal = [...document.querySelectorAll(".modal")].at(-1);
    const root = modal || document.querySelector(".o_action_manager");
    for (const element of root.querySelectorAll("button, a, input, select, label, td, img")) {
        const { width, height, left, right } = element.getBoundingClientRect();
        const beside = right > innerWidth + 1 || left < -1;
        const shown = width && height && getComputedStyle(element).visibility !== "hidden";
        if (shown && beside && !isReachable(element)) {
            found.push(`${describe(element)} at ${Math.round(left)}..${Math.round(right)}`);
        }
    }
    return found;
}

/** Dialogs of errors and warnings come whenever an answer comes: note them all. */
function noteDialogs(problems) {
    const { dialog } = services();
    const { add } = dialog;
    dialog.add = (component, props, options) => {
        if (/Error|Warning/.test(component.name)) {
            problems.push(`${location.pathname}: ${props.message || component.name}`);
        }
        return add(component, props, options);
    };
}

function check(name, problems) {
    for (const error of document.querySelectorAll(ERRORS)) {
        problems.push(`${name}: ${error.innerText}`);
    }
    problems.push(...overflow().map((what) => `${name}: ${what}`));
}

async function closeDialogs() {
    services().dialog.closeAll();
    await until(() => !document.querySelector(".modal"), "dialogs to close");
}

/** The first record of a screen, as a finger opens it. */
async function openRecord(name, problems) {
    const record = document.querySelector(RECORD);
    if (!record || document.querySelector(".o_view_sample_data")) {
        return false;
    }
    const before = location.pathname;
    record.click();
    await settled(`the first record of ${name}`);
    if (document.querySelector(".o-mail-Chatter")) {
        await sleep(500);
    }
    check(`${name}, first record`, problems);
    return location.pathname !== before;
}

/** The screens of an app: an address that a menu leads to leaves the page, and the walk. */
function menusOf(app) {
    const { menu } = services();
    const leaves = [];
    const walk = (node) => {
        const children = node.childrenTree || [];
        const leavesPage = node.actionModel === "ir.actions.act_url";
        if (node.actionID && !children.length && !leavesPage) {
            leaves.push(node);
        }
        children.forEach(walk);
    };
    walk(menu.getMenuAsTree(menu.getApps().find(({ xmlid }) => xmlid === app).id));
    return leaves;
}

window.crmGestionOverflow = overflow;

/**
 * @param {Object} plan
 * @param {string} plan.app external id of the app whose menus are opened
 * @param {boolean} plan.records whether the first record of each is opened too
 * @param {Object[]} plan.dialogs `model`, `id` and `method` of buttons to press
 * @param {number} plan.menus number of menus that there must be at least
 * @param {string} [plan.only] external id of the one menu to open
 */
window.crmGestionWalk = async ({ app, records, dialogs, menus, only }) => {
    const problems = [];
    const { action, menu, orm } = services();
    noteDialogs(problems);
    const leaves = menusOf(app);
    if (leaves.length < menus) {
        problems.push(`${leaves.length} menus only`);
    }
    let opened = 0;
    for (const leaf of leaves.filter(({ xmlid }) => !only || xmlid === only)) {
        await menu.selectMenu(leaf.id);
        await settled(leaf.xmlid);
        check(leaf.xmlid, problems);
        if (document.querySelector(".modal")) {
            await closeDialogs();
        } else if (records) {
            opened += await openRecord(leaf.xmlid, problems);
        }
    }
    if (records && !opened) {
        problems.push("no record was opened");
    }
    for (const { model, id, method } of dialogs) {
        await action.doAction(await orm.call(model, method, [[id]]));
        await until(() => document.querySelector(".modal .modal-footer button"), method);
        await settled(method);
        check(method, problems);
        await closeDialogs();
    }
    if (problems.length) {
        throw new Error(`${innerWidth}x${innerHeight}\n${problems.join("\n")}`);
    }
};
