import { Component, markRaw, useEffect, useRef, useState, useSubEnv } from "@odoo/owl";

import { router } from "@web/core/browser/router";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { pick } from "@web/core/utils/objects";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { getDefaultConfig } from "@web/views/view";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { DashboardFilters } from "../dashboard_filters/dashboard_filters";
import { DashboardSection } from "../dashboard_section/dashboard_section";

const FILTERS = ["period", "date_from", "date_to", "team_id", "user_id"];

/**
 * The page of a dashboard: the client action's parameter `model` names which. One
 * request brings all that it shows. What is asked for is in the address, so that a page
 * can be kept, sent to a colleague, and come back to.
 */
export class CrmDashboard extends Component {
    static template = "crm_gestion.Dashboard";
    static components = { DashboardFilters, DashboardSection, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        useSubEnv({ config: { ...getDefaultConfig(), ...this.env.config } });
        this.action = useService("action");
        this.orm = useService("orm");
        this.root = useRef("root");
        this.keepLast = new KeepLast();
        this.state = useState({ data: null, error: "", isLoading: true });
        const { setScrollFromState } = useSetupAction({
            rootRef: this.root,
            getLocalState: () => ({ asked: this.asked }),
        });
        this.ask(this.props.state?.asked || this.askedInUrl());
        useEffect(
            (isThere) => isThere && setScrollFromState(),
            () => [Boolean(this.state.data)]
        );
    }

    get model() {
        return this.props.action.params.model;
    }

    askedInUrl() {
        const { id, path, xml_id } = this.props.action;
        const isOurs = [id, path, xml_id].includes(router.current.action);
        return isOurs ? pick(router.current, ...FILTERS) : {};
    }

    ask(asked) {
        this.asked = asked;
        const state = Object.fromEntries(FILTERS.map((name) => [name, asked[name]]));
        this.props.updateActionState?.(state);
        return this.load();
    }

    async load() {
        Object.assign(this.state, { error: "", isLoading: true });
        try {
            const request = this.orm.call(this.model, "get_data", [this.asked]);
            this.state.data = markRaw(await this.keepLast.add(request));
        } catch (error) {
            this.state.error = error.data?.message || _t("The server does not answer.");
        }
        this.state.isLoading = false;
    }

    print() {
        return this.action.doAction({
            type: "ir.actions.report",
            report_type: "qweb-pdf",
            report_name: "crm_gestion.report_crm_dashboard",
            report_file: "crm_gestion.report_crm_dashboard",
            name: this.state.data.title,
            data: { model: this.model, filters: this.asked },
        });
    }
}

registry.category("actions").add("crm_gestion.dashboard", CrmDashboard);
