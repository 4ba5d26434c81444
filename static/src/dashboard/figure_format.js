import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import {
    formatFloat,
    formatInteger,
    formatMonetary,
    formatPercentage,
} from "@web/views/fields/formatters";

export const NOTHING = "–";

// From where on a tile shows an amount without cents, and from where on shortened.
const ROUNDED = 1000;
const SHORTENED = 100000;

const formatters = {
    integer: (value, { compact }) =>
        formatInteger(value, {
            humanReadable: compact && Math.abs(value) >= SHORTENED,
            decimals: 1,
        }),
    float: (value, { compact }) =>
        formatFloat(value, {
            humanReadable: compact && Math.abs(value) >= SHORTENED,
            decimals: 1,
            digits: [16, 2],
            trailingZeros: false,
        }),
    monetary: (value, { compact, currencyId }) =>
        formatMonetary(value, { currencyId, ...(compact ? shortened(value) : {}) }),
    percentage: (value) => formatPercentage(value, { digits: [16, 1] }),
    days: (value) => _t("%s days", formatFloat(value, { digits: [16, 1] })),
    date: (value) => formatDate(deserializeDate(value)),
    text: (value) => String(value),
};

function shortened(amount) {
    const size = Math.abs(amount);
    if (size && size < ROUNDED) {
        return {};
    }
    const humanReadable = size >= SHORTENED;
    return { humanReadable, digits: [16, humanReadable ? 1 : 0] };
}

/**
 * A figure of a dashboard as its reader writes it.
 *
 * @param {Object} figure of `crm.dashboard.part`: `value` and `format` of it
 * @param {Object} [options]
 * @param {number} [options.currencyId] of amounts
 * @param {boolean} [options.compact] whether big numbers are shortened
 * @returns {string}
 */
export function formatFigure({ format, value }, options = {}) {
    if (value === null || value === undefined || value === false) {
        return NOTHING;
    }
    return (formatters[format] || formatters.text)(value, options);
}

/**
 * @param {Object} figure
 * @returns {string} class of the colour of its state
 */
export function toneClass({ tone }) {
    return tone ? `text-${tone}` : "";
}
