//! Sensors as they are written in the file, and what may be written.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use ipmi_bmc::personality::RecordsIn;
use ipmi_wire::sdr::{IdString, Record, ThresholdKind};
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use super::{
    BusConfig, Definition, Discovery, HwmonConfig, NUMBERS, Quantity, SensorConfig, SensorsConfig,
    SourceConfig, channel_scale,
};
use crate::config::{Fault, PersonalityName, fault};
use crate::personality::sensors::SENSORS;
use crate::personality::specimens::specimens;
use crate::platform::sources::fit;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct BusSection {
    name: Spanned<String>,
    scan_time: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct SensorSection {
    name: Spanned<String>,
    #[serde(rename = "type")]
    quantity: Option<Spanned<Quantity>>,
    range: Option<Spanned<[f64; 2]>>,
    thresholds: Option<Spanned<ThresholdsSection>>,
    hysteresis: Option<Spanned<f64>>,
    bus: Option<Spanned<String>>,
    interval: Option<Spanned<f64>>,
    scan_time: Option<Spanned<f64>>,
    file: Option<Spanned<PathBuf>>,
    command: Option<Spanned<Vec<String>>>,
    timeout: Option<Spanned<f64>>,
    hwmon: Option<Spanned<ChannelSection>>,
    written: Option<Spanned<bool>>,
    scale: Option<Spanned<f64>>,
    offset: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ThresholdsSection {
    lower_non_critical: Option<f64>,
    lower_critical: Option<f64>,
    lower_non_recoverable: Option<f64>,
    upper_non_critical: Option<f64>,
    upper_critical: Option<f64>,
    upper_non_recoverable: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelSection {
    chip: String,
    channel: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct HwmonSection {
    root: Option<PathBuf>,
    discover: Option<Discover>,
}

enum Discover {
    All(bool),
    Chips(Vec<String>),
}

/// Serde's untagged enumerations do not say what they would take.
impl<'de> Deserialize<'de> for Discover {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherVisitor;

        impl<'de> Visitor<'de> for EitherVisitor {
            type Value = Discover;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or a list of the names of chips")
            }

            fn visit_bool<E: de::Error>(self, all: bool) -> Result<Discover, E> {
                Ok(Discover::All(all))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Discover, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Discover::Chips)
            }
        }

        deserializer.deserialize_any(EitherVisitor)
    }
}

/// Checks what is said about sensors of a machine with this personality.
pub(in crate::config) fn check(
    buses: Vec<BusSection>,
    sensors: Vec<Spanned<SensorSection>>,
    hwmon: HwmonSection,
    personality: PersonalityName,
) -> Result<SensorsConfig, Fault> {
    let mut checked = SensorsConfig::default();
    for bus in buses {
        if checked.buses.iter().any(|known| known.name == *bus.name.get_ref()) {
            return fault(&bus.name, "this bus is there already");
        }
        let scan_time = bus.scan_time.as_ref().map_or(Ok(Duration::ZERO), seconds_or_none)?;
        checked.buses.push(BusConfig { name: bus.name.into_inner(), scan_time });
    }
    let known: Vec<String> = match personality {
        PersonalityName::Reference => SENSORS.iter().map(|sensor| sensor.name.to_owned()).collect(),
        PersonalityName::Specimens => names(&specimens(RecordsIn::Repository).personality.sdrs),
    };
    for sensor in sensors {
        let span = sensor.span();
        let sensor = sensor.into_inner();
        let name = sensor.name.get_ref();
        if IdString::new(name).is_err() || name.is_empty() {
            return fault(&sensor.name, "a sensor's name has 1 to 16 bytes");
        }
        if checked.sensors.iter().any(|other| other.name == *name) {
            return fault(&sensor.name, "this sensor is described twice");
        }
        let is_known = known.contains(name);
        let sensor = sensor.check(span, is_known, &checked.buses)?;
        checked.sensors.push(sensor);
    }
    let new = checked.sensors.iter().filter(|sensor| sensor.definition.is_some());
    if new.count() > NUMBERS.len() {
        return Err((None, format!("at most {} sensors can be added", NUMBERS.len())));
    }
    let usual = HwmonConfig::default();
    checked.hwmon = HwmonConfig {
        root: hwmon.root.unwrap_or(usual.root),
        discover: match hwmon.discover {
            None | Some(Discover::All(false)) => Discovery::Off,
            Some(Discover::All(true)) => Discovery::All,
            Some(Discover::Chips(chips)) => Discovery::Chips(chips),
        },
    };
    Ok(checked)
}

fn names(records: &[Record]) -> Vec<String> {
    let read = records.iter().filter(|record| record.sensor().is_some());
    read.filter_map(|record| Some(record.name()?.to_string())).collect()
}

impl SensorSection {
    fn check(
        self,
        span: Range<usize>,
        is_known: bool,
        buses: &[BusConfig],
    ) -> Result<SensorConfig, Fault> {
        let source = self.check_source()?;
        let definition = if is_known {
            self.check_undefined()?;
            None
        } else {
            if source.is_none() {
                return Err((
                    Some(span),
                    "a new sensor needs something that measures it: file, command, hwmon, or \
                     written = true (the personality has no sensor of this name)"
                        .to_owned(),
                ));
            }
            Some(self.check_definition(&span)?)
        };
        if source == Some(SourceConfig::Written) && is_known {
            return fault(&self.name, "a sensor of the personality is measured, and not written");
        }
        if let Some(bus) = &self.bus
            && !buses.iter().any(|known| known.name == *bus.get_ref())
        {
            return fault(bus, "no such bus: name it in a [[bus]]");
        }
        let default = source.as_ref().map_or(1.0, SourceConfig::usual_scale);
        Ok(SensorConfig {
            name: self.name.into_inner(),
            definition,
            bus: self.bus.map(Spanned::into_inner),
            interval: self.interval.as_ref().map(seconds).transpose()?,
            scan_time: self.scan_time.as_ref().map(seconds_or_none).transpose()?,
            source,
            scale: self.scale.as_ref().map_or(Ok(default), finite)?,
            offset: self.offset.as_ref().map_or(Ok(0.0), finite)?,
        })
    }

    fn check_source(&self) -> Result<Option<SourceConfig>, Fault> {
        let spans = [
            self.file.as_ref().map(Spanned::span),
            self.command.as_ref().map(Spanned::span),
            self.hwmon.as_ref().map(Spanned::span),
            self.written.as_ref().filter(|written| *written.get_ref()).map(Spanned::span),
        ];
        if let Some(second) = spans.iter().flatten().nth(1) {
            let message = "one of file, command, hwmon and written is enough";
            return Err((Some(second.clone()), message.to_owned()));
        }
        if let Some(timeout) = self.timeout.as_ref().filter(|_| self.command.is_none()) {
            return fault(timeout, "a timeout is of a command");
        }
        if let Some(file) = &self.file {
            return Ok(Some(SourceConfig::File(file.get_ref().clone())));
        }
        if let Some(command) = &self.command {
            const TIMEOUT: Duration = Duration::from_secs(5);
            if command.get_ref().first().is_none_or(String::is_empty) {
                return fault(command, "a command begins with a program");
            }
            let timeout = self.timeout.as_ref().map_or(Ok(TIMEOUT), seconds)?;
            let argv = command.get_ref().clone();
            return Ok(Some(SourceConfig::Command { argv, timeout }));
        }
        if let Some(hwmon) = &self.hwmon {
            let ChannelSection { chip, channel } = hwmon.get_ref();
            if channel_scale(channel.get_ref()).is_none() {
                return fault(
                    channel,
                    "a channel is such as \"temp1\", \"fan2\", \"in0\", \"curr1\", \"power1\" or \
                     \"intrusion0\"",
                );
            }
            let (chip, channel) = (chip.clone(), channel.get_ref().clone());
            return Ok(Some(SourceConfig::Hwmon { chip, channel }));
        }
        let written = self.written.as_ref().is_some_and(|written| *written.get_ref());
        Ok(written.then_some(SourceConfig::Written))
    }

    /// That nothing is said which the personality says.
    fn check_undefined(&self) -> Result<(), Fault> {
        let spans = [
            self.quantity.as_ref().map(Spanned::span),
            self.range.as_ref().map(Spanned::span),
            self.thresholds.as_ref().map(Spanned::span),
            self.hysteresis.as_ref().map(Spanned::span),
        ];
        match spans.into_iter().flatten().next() {
            None => Ok(()),
            Some(span) => Err((
                Some(span),
                "the personality has a sensor of this name, and says what it is".to_owned(),
            )),
        }
    }

    fn check_definition(&self, span: &Range<usize>) -> Result<Definition, Fault> {
        let Some(quantity) = self.quantity.as_ref().map(|quantity| *quantity.get_ref()) else {
            let message = "a new sensor needs a type: \"temperature\", \"voltage\", \"fan\", \
                           \"current\" or \"power\" (the personality has no sensor of this name)";
            return Err((Some(span.clone()), message.to_owned()));
        };
        let (low, high) = match &self.range {
            None => quantity.usual_range(),
            Some(range) => {
                let [low, high] = *range.get_ref();
                if fit::factors(low, high).is_none() {
                    return fault(
                        range,
                        "a range is [lowest, highest], not wider than a billion and not so far \
                         from zero that one byte cannot tell its ends apart",
                    );
                }
                (low, high)
            }
        };
        let thresholds = match &self.thresholds {
            None => [None; 6],
            Some(section) => check_thresholds(section, low, high)?,
        };
        let hysteresis = self.hysteresis.as_ref().map_or(Ok(0.0), finite)?;
        if let Some(given) =
            self.hysteresis.as_ref().filter(|_| !(0.0..=high - low).contains(&hysteresis))
        {
            return fault(given, "a hysteresis is not negative, and lies within the range");
        }
        Ok(Definition { quantity, range: (low, high), thresholds, hysteresis })
    }
}

fn check_thresholds(
    section: &Spanned<ThresholdsSection>,
    low: f64,
    high: f64,
) -> Result<[Option<f64>; 6], Fault> {
    let ThresholdsSection {
        lower_non_critical,
        lower_critical,
        lower_non_recoverable,
        upper_non_critical,
        upper_critical,
        upper_non_recoverable,
    } = section.get_ref();
    let upwards = [
        lower_non_recoverable,
        lower_critical,
        lower_non_critical,
        upper_non_critical,
        upper_critical,
        upper_non_recoverable,
    ];
    let given: Vec<f64> = upwards.into_iter().flatten().copied().collect();
    if !given.iter().all(|limit| (low..=high).contains(limit)) {
        return fault(section, &format!("thresholds lie in the range, {low} to {high}"));
    }
    if !given.is_sorted() {
        return fault(
            section,
            "thresholds get graver outwards: lower non-recoverable, critical, non-critical, upper \
             non-critical, critical, non-recoverable, each not below the one before",
        );
    }
    Ok(ThresholdKind::ALL.map(|kind| match kind {
        ThresholdKind::LowerNonCritical => *lower_non_critical,
        ThresholdKind::LowerCritical => *lower_critical,
        ThresholdKind::LowerNonRecoverable => *lower_non_recoverable,
        ThresholdKind::UpperNonCritical => *upper_non_critical,
        ThresholdKind::UpperCritical => *upper_critical,
        ThresholdKind::UpperNonRecoverable => *upper_non_recoverable,
    }))
}

fn finite(number: &Spanned<f64>) -> Result<f64, Fault> {
    match *number.get_ref() {
        finite if finite.is_finite() => Ok(finite),
        _ => fault(number, "a number, neither infinite nor none at all"),
    }
}

/// A time that is not nothing.
fn seconds(time: &Spanned<f64>) -> Result<Duration, Fault> {
    if (0.01..=86_400.0).contains(time.get_ref()) {
        Ok(Duration::from_secs_f64(*time.get_ref()))
    } else {
        fault(time, "seconds, 0.01 to 86400")
    }
}

/// A time that may be nothing.
fn seconds_or_none(time: &Spanned<f64>) -> Result<Duration, Fault> {
    if *time.get_ref() == 0.0 { Ok(Duration::ZERO) } else { seconds(time) }
}
