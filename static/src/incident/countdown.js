import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

/** @returns {string} a span of time in words, of its two biggest units at most */
function spanText(minutes) {
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    if (days) {
        return hours % 24
            ? _t("%(days)s d %(hours)s h", { days, hours: hours % 24 })
            : _t("%(days)s d", { days });
    }
    if (hours) {
        return minutes % 60
            ? _t("%(hours)s h %(minutes)s min", { hours, minutes: minutes % 60 })
            : _t("%(hours)s h", { hours });
    }
    return _t("%(minutes)s min", { minutes });
}

/**
 * Tell of a deadline: how much is left of today's, the hour of tomorrow's, the day of a
 * later one; how late it is.
 *
 * @param {DateTime} deadline
 * @param {DateTime} [now]
 * @returns {string}
 */
export function countdownText(deadline, now = DateTime.now()) {
    const minutes = Math.floor(deadline.diff(now, "minutes").minutes);
    if (minutes < 0) {
        return _t("%(span)s late", { span: spanText(-minutes) });
    }
    const time = deadline.toLocaleString(DateTime.TIME_24_SIMPLE);
    if (deadline.hasSame(now, "day") || minutes < 180) {
        return _t("%(span)s left", { span: spanText(minutes) });
    }
    if (deadline.hasSame(now.plus({ days: 1 }), "day")) {
        return _t("due tomorrow %(time)s", { time });
    }
    const day = deadline.toLocaleString({ weekday: "short", day: "numeric", month: "short" });
    return _t("due %(day)s %(time)s", { day, time });
}
