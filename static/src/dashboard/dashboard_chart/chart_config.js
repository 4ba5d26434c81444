import { getColor } from "@web/core/colors/colors";

import { formatFigure } from "../figure_format";

// Where the colour of a state is among the six that Odoo's graphs take first.
const TONES = { success: 2, warning: 3, danger: 1 };
const LABEL = 24; // characters of a label on an axis
// Neither dark nor light: seen on both.
const MUTED = "#A4A8B6";
const GRID = "rgba(128, 128, 128, .25)";

const toneColor = (tone) => (tone === "muted" ? MUTED : getColor(TONES[tone], "", "sm"));

function dataset(section, series, index) {
    const base = series.tone
        ? toneColor(series.tone)
        : getColor(index, "", section.series.length);
    const color = series.points.some((point) => point.tone)
        ? series.points.map((point) => (point.tone ? toneColor(point.tone) : base))
        : base;
    return {
        label: series.name,
        data: series.points.map((point) => point.value),
        backgroundColor: color,
        borderColor: color,
        borderRadius: 4,
        maxBarThickness: 48,
        borderWidth: section.kind === "line" ? 2 : 0,
        stack: section.stacked ? "all" : undefined,
    };
}

function scales(section, currencyId, color) {
    const format = section.series[0].points[0]?.format;
    const labels = {
        stacked: Boolean(section.stacked),
        grid: { display: false },
        ticks: {
            color,
            callback(value) {
                const label = this.getLabelForValue(value);
                return label.length > LABEL ? `${label.slice(0, LABEL - 1)}…` : label;
            },
        },
    };
    const values = {
        stacked: Boolean(section.stacked),
        beginAtZero: true,
        grid: { color: GRID },
        ticks: {
            color,
            maxTicksLimit: 6,
            precision: format === "integer" ? 0 : undefined,
            callback: (value) => formatFigure({ value, format }, { currencyId, compact: true }),
        },
    };
    return section.horizontal ? { x: values, y: labels } : { x: labels, y: values };
}

/**
 * What Chart.js draws of a section of kind ``bars`` or ``line``.
 *
 * @param {Object} section see `crm.dashboard.part`
 * @param {Object} options
 * @param {number} [options.currencyId] of amounts
 * @param {string} [options.color] of texts
 * @param {(drill: Object) => void} options.open called with the drill-down of the point
 *  that is clicked on
 * @returns {Object} configuration of a chart
 */
export function chartConfig(section, { color, currencyId, open }) {
    const pointOf = ({ datasetIndex, index }) => section.series[datasetIndex].points[index];
    const drillOf = (elements) => elements.length && pointOf(elements[0]).drill;
    const alone = section.series.length === 1;
    return {
        type: section.kind === "line" ? "line" : "bar",
        data: {
            labels: section.labels,
            datasets: section.series.map((series, index) => dataset(section, series, index)),
        },
        options: {
            animation: false,
            maintainAspectRatio: false,
            indexAxis: section.horizontal ? "y" : "x",
            // one series: a finger need not meet the bar, its row or column will do
            interaction: {
                mode: alone ? "index" : "nearest",
                axis: section.horizontal ? "y" : "x",
                intersect: !alone,
            },
            scales: scales(section, currencyId, color),
            plugins: {
                legend: {
                    display: !alone,
                    position: "bottom",
                    labels: { color },
                },
                tooltip: {
                    callbacks: {
                        label: ({ dataset, datasetIndex, dataIndex: index }) =>
                            `${dataset.label}: ${formatFigure(pointOf({ datasetIndex, index }), { currencyId })}`,
                    },
                },
            },
            onClick: (_event, elements) => {
                const drill = drillOf(elements);
                if (drill) {
                    open(drill);
                }
            },
            onHover: ({ native }, elements) => {
                native.target.style.cursor = drillOf(elements) ? "pointer" : "default";
            },
        },
    };
}
