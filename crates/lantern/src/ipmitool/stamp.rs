//! Times as ipmitool writes them in the C locale: in the zone of whoever looks, or in UTC with `-Z`.

use ipmi_wire::sel::Timestamp;
use jiff::tz::TimeZone;

use super::tool::Tool;

/// A day, in seconds.
const DAY: u32 = 24 * 60 * 60;

/// `11/28/26 20:26:40 UTC`; of a clock that was never set, how long it runs.
pub(super) fn numeric(tool: &Tool, raw: u32) -> String {
    match Timestamp::new(raw) {
        Timestamp::Unspecified => "Unspecified".to_owned(),
        // Of the zone that the original asks for in these cases, nothing is seen.
        Timestamp::SinceInit(seconds) if seconds < DAY => format(tool, raw, "S+ %H:%M:%S"),
        Timestamp::SinceInit(_) => format(tool, raw, "S+ %y/%j %H:%M:%S"),
        Timestamp::Unix(_) => format(tool, raw, "%m/%d/%y %H:%M:%S %Z"),
    }
}

/// As C's `strftime`.
fn format(tool: &Tool, raw: u32, format: &str) -> String {
    let Ok(time) = jiff::Timestamp::from_second(raw.into()) else { return String::new() };
    let is_relative = matches!(Timestamp::new(raw), Timestamp::SinceInit(_));
    if tool.options.utc || is_relative {
        // C calls this zone so.
        let format = format.replace("%Z", "GMT");
        return time.to_zoned(TimeZone::UTC).strftime(&format).to_string();
    }
    time.to_zoned(TimeZone::system()).strftime(format).to_string()
}
