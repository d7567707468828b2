//! `sensor thresh`.

use ipmi_wire::cmd::sensor::{SensorThresholds, SetSensorThresholds};
use ipmi_wire::sdr::{FullSensor, RawThresholds, Record, ThresholdKind, ThresholdMask};

use crate::ipmitool::number::number;
use crate::ipmitool::sdr::records::entries;
use crate::ipmitool::sdr::value::{fixed, raw, value};
use crate::ipmitool::sdr::{Entry, Sdr};
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};

use ThresholdKind as K;

pub(super) async fn set(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, which, values) = match words.as_slice() {
        ["help", ..] | [] | [_] | [_, _] => {
            usage(tool);
            return Ok(());
        }
        [name, which, values @ ..] => (*name, *which, values),
    };
    let (wanted, checked) = match which {
        "upper" | "lower" => (all_of(tool, which, values)?, false),
        one => (vec![one_of(tool, name, one, values)?], true),
    };
    let sdr = Sdr::new(tool);
    tool.print(&format!("Locating sensor record '{name}'...\n"));
    let entries = entries(tool).await.unwrap_or_default();
    let entry = entries.iter().find(|entry| entry.is_called(name));
    let Some(entry) = entry else {
        tool.error("Sensor data record not found!");
        return Err(Failed);
    };
    let Record::Full(full) = &entry.record else {
        tool.error(&format!("Invalid sensor type {:02x}", entry.kind));
        return Err(Failed);
    };
    if !full.sensor.is_threshold() {
        tool.error(&format!("Invalid sensor event type {:02x}", full.sensor.event_type.0));
        return Err(Failed);
    }
    if checked {
        let Some(now) = sdr.thresholds(full.sensor.key).await else {
            tool.error("Sensor data record not found!");
            return Err(Failed);
        };
        if !wanted.iter().all(|(kind, value)| is_in_order(full, &now, *kind, *value)) {
            tool.error("Invalid Threshold data values. Cannot Set Threshold Data.");
            return Err(Failed);
        }
    }
    let wanted = within_range(&sdr, full, wanted)?;
    // As in the original, each is tried, and the last one decides.
    let mut ended = Ok(());
    for (kind, value, raw) in wanted {
        ended = set_one(&sdr, entry, full, kind, value, raw).await;
    }
    ended
}

async fn set_one(
    sdr: &Sdr<'_>,
    entry: &Entry,
    full: &FullSensor,
    kind: ThresholdKind,
    value: f64,
    raw: u8,
) -> Ended {
    let named = match kind {
        K::UpperNonRecoverable => "Upper Non-Recoverable",
        K::UpperCritical => "Upper Critical",
        K::UpperNonCritical => "Upper Non-Critical",
        K::LowerNonRecoverable => "Lower Non-Recoverable",
        K::LowerCritical => "Lower Critical",
        K::LowerNonCritical => "Lower Non-Critical",
    };
    let (name, to) = (entry.whole_name(), fixed(value, 3));
    sdr.put(&format!("Setting sensor \"{name}\" {named} threshold to {to}\n"));
    let key = full.sensor.key;
    let mut values = RawThresholds::default();
    values.set(kind, raw);
    let set = ThresholdMask::NONE.with(kind);
    let command = SetSensorThresholds { number: key.number, set, values };
    sdr.set_threshold(key, &command).await.map_err(|refusal| {
        sdr.tool.error(&match refusal {
            Refusal::Silent => "Error setting threshold".to_owned(),
            other => format!("Error setting threshold: {}", other.text()),
        });
        Failed
    })
}

/// The raw readings for the values, all of them before the first is set.
fn within_range(
    sdr: &Sdr<'_>,
    full: &FullSensor,
    wanted: Vec<(ThresholdKind, f64)>,
) -> Result<Vec<(ThresholdKind, f64, u8)>, Failed> {
    let with_raw = |(kind, value)| match raw(full, value) {
        Some(raw) => Ok((kind, value, raw)),
        None => {
            let value = fixed(value, 3);
            sdr.tool.error(&format!("The sensor has no reading for {value}: nothing was set."));
            Err(Failed)
        }
    };
    wanted.into_iter().map(with_raw).collect()
}

/// Three at once. What the words are called when they are wrong is not what they are set to.
fn all_of(tool: &Tool, which: &str, values: &[&str]) -> Result<Vec<(ThresholdKind, f64)>, Failed> {
    let (kinds, names) = match which {
        "upper" => {
            ([K::UpperNonCritical, K::UpperCritical, K::UpperNonRecoverable], ["unc", "ucr", "unr"])
        }
        _ => {
            ([K::LowerNonRecoverable, K::LowerCritical, K::LowerNonCritical], ["lnc", "lcr", "lnr"])
        }
    };
    if values.len() < kinds.len() {
        let values = if which == "upper" { "<unc> <ucr> <unr>" } else { "<lnr> <lcr> <lnc>" };
        tool.error(&format!("usage: sensor thresh <id> {which} {values}"));
        return Err(Failed);
    }
    let mut wanted = Vec::new();
    for ((kind, name), text) in kinds.into_iter().zip(names).zip(values) {
        let Some(value) = decimal(text) else {
            tool.error(&format!("Given {name} '{text}' is invalid."));
            return Err(Failed);
        };
        wanted.push((kind, value));
    }
    // The original sets them, whatever they are. Both lists are from the lowest to the highest.
    if !wanted.is_sorted_by(|(_, before), (_, next)| before <= next) {
        tool.error("Invalid Threshold data values. Cannot Set Threshold Data.");
        return Err(Failed);
    }
    Ok(wanted)
}

fn one_of(
    tool: &Tool,
    name: &str,
    which: &str,
    values: &[&str],
) -> Result<(ThresholdKind, f64), Failed> {
    let kind = match which {
        "unr" => K::UpperNonRecoverable,
        "ucr" => K::UpperCritical,
        "unc" => K::UpperNonCritical,
        "lnc" => K::LowerNonCritical,
        "lcr" => K::LowerCritical,
        "lnr" => K::LowerNonRecoverable,
        _ => {
            tool.error(&format!("Valid threshold '{which}' for sensor '{name}' not specified!"));
            return Err(Failed);
        }
    };
    let text = values.first().copied().unwrap_or_default();
    let Some(value) = decimal(text) else {
        tool.error(&format!("Given {which} threshold value '{text}' is invalid."));
        return Err(Failed);
    };
    Ok((kind, value))
}

/// Whether a threshold is on the right side of those in force, as far as the original looks: only if the
/// threshold itself is in use, and with those below zero taken for zero.
fn is_in_order(full: &FullSensor, now: &SensorThresholds, kind: K, wanted: f64) -> bool {
    if !now.readable.contains(kind) {
        return true;
    }
    let (above, below): (&[K], &[K]) = match kind {
        K::UpperNonRecoverable => (&[], &[K::UpperCritical, K::UpperNonCritical]),
        K::UpperCritical => (&[K::UpperNonRecoverable], &[K::UpperNonCritical]),
        K::UpperNonCritical => {
            (&[K::UpperNonRecoverable, K::UpperCritical], &[K::LowerNonCritical])
        }
        K::LowerNonCritical => {
            (&[K::UpperNonCritical], &[K::LowerCritical, K::LowerNonRecoverable])
        }
        K::LowerCritical => (&[K::LowerNonCritical], &[K::LowerNonRecoverable]),
        K::LowerNonRecoverable => (&[K::LowerNonCritical, K::LowerCritical], &[]),
    };
    let value_of = |kind: &K| now.get(*kind).map(|raw| value(full, raw).max(0.0));
    above.iter().filter_map(value_of).all(|limit| wanted < limit)
        && below.iter().filter_map(value_of).all(|limit| wanted > limit)
}

/// C's `strtod`, but for nothing at all: that is 0 to C, and a variable that nobody has set to us.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let is_hexadecimal = text.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("0x");
    if is_hexadecimal {
        return number::<i32>(text).map(f64::from);
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn usage(tool: &Tool) {
    for line in [
        "sensor thresh <name> <threshold> <setting>",
        "   threshold : unr, ucr, unc, lnc, lcr or lnr",
        "sensor thresh <name> lower <lnr> <lcr> <lnc>",
        "sensor thresh <name> upper <unc> <ucr> <unr>",
    ] {
        tool.notice(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_strtod_does() {
        for (text, is) in [
            ("12", Some(12.0)),
            ("-1.5", Some(-1.5)),
            ("1e2", Some(100.0)),
            (".5", Some(0.5)),
            ("", None),
            (" ", None),
            ("0x10", Some(16.0)),
            ("1x", None),
            ("1e999", None),
            ("nan", None),
        ] {
            assert_eq!(decimal(text), is, "{text:?}");
        }
    }
}
