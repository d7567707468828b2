//! What is read, and how it becomes a measurement.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ipmi_bmc::platform::Measurement;

use super::plan::Wired;
use super::{command, hwmon};

/// Something that can be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Probe {
    File(PathBuf),
    Command {
        argv: Vec<String>,
        timeout: Duration,
    },
    /// A channel of a chip, and where it was found the last time.
    Hwmon {
        root: PathBuf,
        chip: String,
        channel: String,
        found: Option<hwmon::Place>,
    },
}

impl Probe {
    /// The number that is there, or why there is none.
    fn read(&mut self, stop: &AtomicBool) -> Result<f64, String> {
        match self {
            Self::File(path) => number_in(path),
            Self::Command { argv, timeout } => number(&command::run(argv, *timeout, stop)?),
            Self::Hwmon { root, chip, channel, found } => {
                if let Some(reading) = found.as_ref().and_then(hwmon::Place::reading)
                    && let Ok(number) = number_in(reading)
                {
                    return Ok(number);
                }
                let now = hwmon::find(root, chip, channel, found.as_ref());
                // What was found once is still what it was while it is away.
                *found = now.or(found.take());
                let reading = found.as_ref().and_then(hwmon::Place::reading);
                let missing = || format!("{} has no {channel} of {chip}", root.display());
                number_in(reading.ok_or_else(missing)?)
            }
        }
    }
}

impl Wired {
    /// Reads the sensor, however long it takes.
    pub(super) fn measure(&mut self, stop: &AtomicBool) -> Result<Measurement, String> {
        let value = self.probe.read(stop)? * self.scale + self.offset;
        if !value.is_finite() {
            return Err("scaled, the number is beyond all numbers".to_owned());
        }
        if !self.is_discrete {
            return Ok(Measurement::Value(value));
        }
        // The states of a discrete sensor are bits, and hardware monitoring's alarms the first.
        if value.fract() == 0.0 && (0.0..=f64::from(0x7fff)).contains(&value) {
            Ok(Measurement::States(value as u16))
        } else {
            Err(format!("{value} is no set of states"))
        }
    }
}

/// The longest text that a number is looked for in.
pub(super) const LONGEST: u64 = 4096;

/// The number that a file begins with.
pub(super) fn number_in(path: &Path) -> Result<f64, String> {
    let error = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = Vec::new();
    File::open(path).map_err(error)?.take(LONGEST).read_to_end(&mut text).map_err(error)?;
    number(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The number that a text begins with.
pub(super) fn number(text: &[u8]) -> Result<f64, String> {
    let text = String::from_utf8_lossy(text);
    let word = text.split_whitespace().next().unwrap_or_default();
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => {
            let start: String = word.chars().take(40).collect();
            // Whatever it is, it does not get into a log as it is.
            Err(format!("{start:?} is not a number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_first_word() {
        for (text, expected) in
            [(&b"42000\n"[..], 42000.0), (b"  -3.5e1 degrees", -35.0), (b"+7\0", f64::NAN)]
        {
            assert_eq!(number(text).ok(), Some(expected).filter(|n| !n.is_nan()), "{text:?}");
        }
        for nothing in [&b""[..], b"  \n", b"N/A", b"nan", b"inf", b"\xff\xfe", b"12,5"] {
            assert!(number(nothing).is_err(), "{nothing:?}");
        }
    }
}
