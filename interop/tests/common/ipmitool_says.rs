//! ipmitool's figures of a sensor against the truth.

use ipmi_wire::cmd::sensor::GetSensorEventEnable;
use ipmi_wire::sdr::ThresholdMask;
use lantern_testkit::peers::Figure;
use lantern_testkit::peers::ipmitool::parse::{Cell, SensorRow, VerboseSensor};

use super::deviations;
use super::truth::{COLUMNS, TrueSensor};

pub fn check_row(sensor: &TrueSensor, row: &SensorRow, discrete: u16) {
    let name = sensor.name();
    assert_eq!(row.name, sensor.plain_name().trim_end(), "{row:?}");
    if sensor.thresholds.is_none() {
        assert_eq!((row.reading, row.unit.as_str()), (Cell::Raw(discrete), "discrete"), "{name}");
        // The reserved top bit is 1.
        let [low, high] = (sensor.reading.states | 0x8000).to_le_bytes();
        assert_eq!(row.status, format!("0x{low:02x}{high:02x}"), "{name}");
        assert_eq!(row.thresholds, [None; 6], "{name}");
        return;
    }
    let Cell::Value(reading) = row.reading else { panic!("{name}: {row:?}") };
    assert!(reading.is_rounded(sensor.value(sensor.reading.raw)), "{name}: {row:?}");
    assert_eq!(row.unit, sensor.full().unwrap().sensor.units.to_string(), "{name}");
    assert_eq!(row.status, status(sensor), "{name}");
    check_thresholds(sensor, row.thresholds, sensor.raw_thresholds());
}

pub fn check_thresholds(sensor: &TrueSensor, said: [Option<Figure>; 6], raw: [Option<u8>; 6]) {
    for ((figure, raw), kind) in said.into_iter().zip(raw).zip(COLUMNS) {
        let expected = raw.map(|raw| deviations::ipmitool(sensor, raw));
        let same = match (figure, expected) {
            (Some(figure), Some(value)) => figure.is_rounded(value),
            (None, None) => true,
            _ => false,
        };
        assert!(same, "{}: {kind}: {figure:?} for {expected:?}", sensor.name());
    }
}

/// The worst threshold that is exceeded, in ipmitool's word.
pub fn status(sensor: &TrueSensor) -> &'static str {
    match sensor.reading.threshold_status().worst().map(|kind| kind.severity()) {
        None => "ok",
        Some(severity) => ["nc", "cr", "nr"][usize::from(severity) % 3],
    }
}

/// What `sdr -v` and `sensor get` have in common.
pub fn check_verbose(sensor: &TrueSensor, said: &VerboseSensor) {
    let name = sensor.name();
    let entity = sensor.record.entity().unwrap();
    assert_eq!(said.entity, (entity.id, entity.instance), "{name}");
    assert_eq!(said.is_threshold, sensor.thresholds.is_some(), "{name}");
    let Some(full) = sensor.full().filter(|_| said.is_threshold) else {
        // Of each state that is set, unless it is an OEM's: words are tested in `ipmi_wire`.
        let (_, event_type) = sensor.record.sensor_types().unwrap();
        let states = sensor.reading.states & 0x7fff;
        let named = if event_type.is_oem() { 0 } else { states.count_ones() as usize };
        assert_eq!(said.states("States Asserted").len(), named, "{name}: {:?}", said.states);
        return;
    };
    assert!(said.reading.unwrap().is_rounded(sensor.value(sensor.reading.raw)), "{name}: {said:?}");
    assert_eq!(said.unit, full.sensor.units.to_string(), "{name}");
    assert_eq!(said.fields.expect("Status"), status(sensor), "{name}");
    let counts = f64::from(sensor.factors_at(sensor.reading.raw).tolerance) / 2.0;
    let tolerance = deviations::ipmitool_difference(sensor, counts);
    assert!(said.tolerance.unwrap().is_rounded(finite(tolerance)), "{name}: {said:?}");
    for (counts, field) in [
        (full.positive_hysteresis, "Positive Hysteresis"),
        (full.negative_hysteresis, "Negative Hysteresis"),
    ] {
        let expected = deviations::ipmitool_difference(sensor, counts.into());
        match said.figure(field).unwrap() {
            Some(figure) => assert!(figure.is_rounded(finite(expected)), "{name}: {said:?}"),
            None => assert!(matches!(counts, 0 | 0xff) || expected == 0.0, "{name}: {said:?}"),
        }
    }
    // Where it means something, it is our figure but for the sign of M.
    if let Some(ours) = full.hysteresis(full.positive_hysteresis) {
        let theirs = said.figure("Positive Hysteresis").unwrap().unwrap();
        let theirs = Figure { value: theirs.value.abs(), ..theirs };
        assert!(theirs.is_rounded(Some(ours)), "{name}: {theirs:?}, ours {ours}");
    }
}

/// What `sdr -v` takes from the record alone.
pub fn check_record(sensor: &TrueSensor, said: &VerboseSensor) {
    let name = sensor.name();
    let Some(full) = sensor.full().filter(|_| said.is_threshold) else { return };
    check_thresholds(sensor, said.thresholds(), sensor.record_thresholds());
    for (given, field, raw) in [
        (full.analog.nominal_reading, "Nominal Reading", full.nominal_reading),
        (full.analog.normal_min, "Normal Minimum", full.normal_min),
        (full.analog.normal_max, "Normal Maximum", full.normal_max),
    ] {
        let figure = said.figure(field).flatten();
        assert_eq!(figure.is_some(), given, "{name}: {field}");
        let expected = deviations::ipmitool(sensor, raw);
        assert!(
            figure.is_none_or(|figure| figure.is_rounded(expected)),
            "{name}: {field}: {figure:?}"
        );
    }
    let format = full.sensor.units.analog_format;
    for (is_max, field, raw) in [
        (false, "Minimum sensor range", full.sensor_min),
        (true, "Maximum sensor range", full.sensor_max),
    ] {
        let expected = deviations::ipmitool(sensor, raw);
        match said.figure(field).unwrap() {
            Some(figure) => assert!(figure.is_rounded(expected), "{name}: {field}: {figure:?}"),
            None => assert!(
                deviations::ipmitool_hides_limit(format, raw, is_max, expected.unwrap_or(0.0)),
                "{name}: {field}"
            ),
        }
    }
    for (field, mask) in [
        ("Readable Thresholds", full.sensor.readable_thresholds()),
        ("Settable Thresholds", full.sensor.settable_thresholds()),
    ] {
        assert_eq!(said.fields.expect(field), short_names(mask), "{name}: {field}");
    }
}

fn short_names(mask: ThresholdMask) -> String {
    let words = COLUMNS.into_iter().zip(["lnr", "lcr", "lnc", "unc", "ucr", "unr"]);
    let words: Vec<_> =
        words.filter(|(kind, _)| mask.contains(*kind)).map(|(_, word)| word).collect();
    words.join(" ")
}

/// The events that the BMC says are enabled, by ipmitool's names.
pub async fn check_enables(client: &ipmi_client::Bmc, sensor: &TrueSensor, said: &VerboseSensor) {
    let enable = client.send(&GetSensorEventEnable { number: sensor.number }).await.unwrap();
    let bits = [
        "lnc-", "lnc+", "lcr-", "lcr+", "lnr-", "lnr+", "unc-", "unc+", "ucr-", "ucr+", "unr-",
        "unr+",
    ];
    for (field, mask) in [
        ("Assertions Enabled", enable.events.assertion),
        ("Deassertions Enabled", enable.events.deassertion),
    ] {
        if !said.is_threshold {
            let (_, event_type) = sensor.record.sensor_types().unwrap();
            let named = if event_type.is_oem() { 0 } else { mask.count_ones() as usize };
            assert_eq!(said.states(field).len(), named, "{}: {field}", sensor.name());
            continue;
        }
        let set = bits.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
        let expected: Vec<&str> = set.map(|(_, name)| *name).collect();
        assert_eq!(
            said.fields.get(field).unwrap_or_default(),
            expected.join(" "),
            "{}",
            sensor.name()
        );
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
