import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { redirect } from "@web/core/utils/urls";
import { session } from "@web/session";

const TOUR = "crm_gestion_first_steps";
const START = `/odoo/crm?tour=${TOUR}`;

/** A new seller is asked once whether he wants the tour; not on a phone, where the menus
 * that it points at are put away. Help / Guided Tour has it whenever he wants it. */
export const firstStepsOffer = {
    dependencies: ["notification", "orm", "ui"],
    start(env, { notification, orm, ui }) {
        if (!session.crm_offers_first_steps || ui.isSmall || window.frameElement) {
            return;
        }
        if (new URLSearchParams(browser.location.search).has("tour")) {
            return;
        }
        let answer;
        const answered = () => (answer ??= orm.call("web_tour.tour", "consume", [TOUR]));
        const close = notification.add(
            _t(
                "Your first day? A tour of two minutes leads you through your first opportunity."
            ),
            {
                className: "o_crm_first_steps_offer",
                type: "info",
                sticky: true,
                onClose: answered,
                buttons: [
                    {
                        name: _t("Show Me"),
                        primary: true,
                        onClick: async () => {
                            await answered();
                            redirect(START);
                        },
                    },
                    { name: _t("Not Now"), onClick: () => answered().then(close) },
                ],
            }
        );
    },
};

registry.category("services").add("crm_gestion.first_steps_offer", firstStepsOffer);
