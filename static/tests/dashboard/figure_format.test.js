import { beforeEach, describe, expect, test } from "@odoo/hoot";

import { formatFigure, toneClass } from "@crm_gestion/dashboard/figure_format";
import { allowTranslations, patchWithCleanup } from "@web/../tests/web_test_helpers";
import { currencies } from "@web/core/currency";
import { localization } from "@web/core/l10n/localization";

import { figure } from "./dashboard_test_helpers";

describe.current.tags("headless");

const euro = { symbol: "€", position: "after", digits: [69, 2] };

beforeEach(() => {
    allowTranslations();
    patchWithCleanup(localization, {
        dateFormat: "dd/MM/yyyy",
        decimalPoint: ",",
        thousandsSep: ".",
        grouping: [3, 0],
    });
    patchWithCleanup(currencies, { 9: euro });
});

const write = (value, format, options) =>
    formatFigure(figure(value, format), { currencyId: 9, ...options }).replaceAll("\u00a0", " ");

test("every format is written as its reader writes it", () => {
    expect(write(1234, "integer")).toBe("1.234");
    expect(write(1234.5, "float")).toBe("1.234,5");
    expect(write(1234.5, "monetary")).toBe("1.234,50 €");
    expect(write(0.1234, "percentage")).toBe("12,3%");
    expect(write(1.5, "percentage")).toBe("150%");
    expect(write(3.25, "days")).toBe("3,3 days");
    expect(write("2026-11-22", "date")).toBe("22/11/2026");
    expect(write("Ana", "text")).toBe("Ana");
});

test("nothing is not zero", () => {
    expect(write(0, "integer")).toBe("0");
    expect(write(0, "percentage")).toBe("0%");
    for (const nothing of [null, undefined, false]) {
        expect(write(nothing, "monetary")).toBe("–");
    }
});

test("tiles shorten what is big", () => {
    const compact = { compact: true };
    expect(write(0, "monetary", compact)).toBe("0 €");
    expect(write(999.5, "monetary", compact)).toBe("999,50 €");
    expect(write(45300.4, "monetary", compact)).toBe("45.300 €");
    expect(write(1250000, "monetary", compact)).toBe("1,3M €");
    expect(write(-1250000, "monetary", compact)).toBe("-1,3M €");
    expect(write(12345, "integer", compact)).toBe("12.345");
    expect(write(1234567, "integer", compact)).toBe("1,2M");
});

test("a tone is a colour of Odoo's", () => {
    expect(toneClass(figure(1, "integer", { tone: "danger" }))).toBe("text-danger");
    expect(toneClass(figure(1))).toBe("");
});
