/**
 * Measures how well the texts of a screen stand out, as WCAG 2 AA asks for it: for tests,
 * which start it as `crmGestionContrast(...)`.
 */

const TEXT = 4.5;
const LARGE = 3; // large texts, icons, and states that are told by their colour
const LARGE_SIZE = 24;
const LARGE_BOLD_SIZE = 18.66;
const OPAQUE_WHITE = [255, 255, 255, 1];
const HIDDEN = "script, style, svg, canvas, option, .visually-hidden, :disabled, .disabled";
const STATES = ".badge";
const ICONS = ".fa, .oi";

const rgba = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return [red, green, blue, alpha];
};

const blend = (top, below) => [
    ...[0, 1, 2].map((part) => top[part] * top[3] + below[part] * (1 - top[3])),
    1,
];

function luminance(color) {
    const [red, green, blue] = color.map((part) => {
        const share = part / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
}

function ancestors(element) {
    return element ? [element, ...ancestors(element.parentElement)] : [];
}

function background(element) {
    const colors = ancestors(element).map((box) => rgba(getComputedStyle(box).backgroundColor));
    return colors.reduceRight((below, top) => blend(top, below), OPAQUE_WHITE);
}

function isMeasured(element) {
    const hasText = [...element.childNodes].some(
        ({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim()
    );
    const shows = { opacityProperty: true, visibilityProperty: true };
    return (
        (hasText || element.matches(ICONS)) &&
        !element.closest(HIDDEN) &&
        element.checkVisibility(shows) &&
        element.getBoundingClientRect().width > 1
    );
}

function needed(element, { fontSize, fontWeight }) {
    const size = parseFloat(fontSize);
    const isLarge = size >= LARGE_SIZE || (fontWeight >= 700 && size >= LARGE_BOLD_SIZE);
    return isLarge || element.matches(ICONS) || element.closest(STATES) ? LARGE : TEXT;
}

function faint(element) {
    const style = getComputedStyle(element);
    const opacity = ancestors(element)
        .map((box) => Number(getComputedStyle(box).opacity))
        .reduce((all, one) => all * one);
    const [red, green, blue, alpha] = rgba(style.color);
    const below = background(element);
    const found = ratio(blend([red, green, blue, alpha * opacity], below), below);
    if (found >= needed(element, style)) {
        return "";
    }
    const text = element.innerText.trim().slice(0, 30);
    return `${found.toFixed(2)} ${element.tagName.toLowerCase()}.${element.className} “${text}”`;
}

/**
 * @param {string} selector of what is measured, with all that it holds
 * @param {string} [skipped] selector of what Odoo draws in it
 * @returns {Object} `measured`: how many texts; `problems`: those that are too faint
 */
window.crmGestionContrast = (selector, skipped = "none") => {
    const elements = [...document.querySelectorAll(selector)]
        .flatMap((root) => [root, ...root.querySelectorAll("*")])
        .filter((element) => isMeasured(element) && !element.closest(skipped));
    const problems = new Set(elements.map(faint).filter(Boolean));
    return { measured: elements.length, problems: [...problems] };
};
