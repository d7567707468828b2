//! The host's hardware monitoring, as Linux shows it in `/sys/class/hwmon`.
//!
//! Each chip has a directory with its name in the file `name`, and a file for each property of each
//! channel: `temp1_input`, `temp1_label`, `temp1_max`.
//!
//! Source: Linux, Documentation/hwmon/sysfs-interface.rst.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{Definition, Discovery, Quantity, SensorConfig, SourceConfig};

use super::fit;
use super::probe::number_in;

/// The file with the reading of a channel.
pub(super) fn find(root: &Path, chip: &str, channel: &str) -> Option<PathBuf> {
    let chips = chips(root).into_iter().filter(|(directory, name)| {
        name == chip || directory.file_name().is_some_and(|file| file == chip)
    });
    chips.into_iter().find_map(|(directory, _)| reading(&directory, channel))
}

/// The channels that are to become sensors. Names are as the chips and their labels have them.
pub(super) fn discover(root: &Path, which: &Discovery) -> Vec<SensorConfig> {
    let mut found = Vec::new();
    for (directory, chip) in chips(root) {
        let wanted = match which {
            Discovery::Off => false,
            Discovery::All => true,
            Discovery::Chips(chips) => chips.contains(&chip),
        };
        for channel in if wanted { channels(&directory) } else { Vec::new() } {
            found.extend(sensor(&directory, &chip, &channel));
        }
    }
    found
}

/// Directories of chips and their names, in a stable order.
fn chips(root: &Path) -> Vec<(PathBuf, String)> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    let mut chips: Vec<(PathBuf, String)> = entries
        .filter_map(|entry| {
            let directory = entry.ok()?.path();
            let name = text_in(&directory.join("name"))?;
            Some((directory, name))
        })
        .collect();
    // By name first: the numbers of the directories depend on which driver came first.
    chips.sort_by_key(|(directory, name)| {
        let file = directory.file_name().map(|file| file.to_string_lossy().into_owned());
        (name.clone(), natural(&file.unwrap_or_default()))
    });
    chips
}

/// The channels of a chip that have a reading.
fn channels(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut channels: Vec<String> = entries
        .filter_map(|entry| {
            let file = entry.ok()?.file_name().into_string().ok()?;
            let (channel, property) = file.split_once('_')?;
            quantity(channel).filter(|_| matches!(property, "input" | "average"))?;
            Some(channel.to_owned())
        })
        .collect();
    channels.sort_by_key(|channel| natural(channel));
    channels.dedup();
    channels
}

fn reading(directory: &Path, channel: &str) -> Option<PathBuf> {
    // Power meters have either or both; intrusion detectors have nothing but the alarm.
    ["input", "average", "alarm"]
        .into_iter()
        .map(|property| directory.join(format!("{channel}_{property}")))
        .find(|path| path.exists())
}

/// The sensor that a channel makes.
fn sensor(directory: &Path, chip: &str, channel: &str) -> Option<SensorConfig> {
    let quantity = quantity(channel)?;
    let label = text_in(&directory.join(format!("{channel}_label")));
    let chip_directory = directory.file_name()?.to_string_lossy().into_owned();
    let source = SourceConfig::Hwmon { chip: chip_directory, channel: channel.to_owned() };
    let scale = source.usual_scale();
    let property = |property: &str| {
        let value = number_in(&directory.join(format!("{channel}_{property}"))).ok()? * scale;
        // What drivers give for limits that nobody has set.
        (value != 0.0 && value.abs() < believable(quantity)).then_some(value)
    };
    let thresholds = thresholds(quantity, property);
    let now = property("input").or_else(|| property("average")).unwrap_or(0.0);
    let values = thresholds.iter().flatten().copied().chain([now]);
    let range = range(quantity, values);
    fit::factors(range.0, range.1)?;
    Some(SensorConfig {
        name: name(chip, label.as_deref().unwrap_or(channel)),
        definition: Some(Definition {
            quantity,
            range,
            thresholds,
            hysteresis: (range.1 - range.0) / 128.0,
        }),
        bus: None,
        interval: None,
        scan_time: None,
        source: Some(source),
        scale,
        offset: 0.0,
    })
}

/// The thresholds of a channel, in the order of the IPMI commands; those that contradict each other
/// are left out.
fn thresholds(quantity: Quantity, property: impl Fn(&str) -> Option<f64>) -> [Option<f64>; 6] {
    let all = match quantity {
        // Of a fan the minimum is where it is taken for broken.
        Quantity::Fan => [None, property("min"), None, None, None, None],
        Quantity::Temperature | Quantity::Voltage | Quantity::Current | Quantity::Power => [
            property("min"),
            property("lcrit"),
            None,
            property("max"),
            property("crit"),
            property("emergency"),
        ],
    };
    let [lower, lower_critical, _, upper, upper_critical, worst] = all;
    let upwards = [lower_critical, lower, upper, upper_critical, worst];
    let given: Vec<f64> = upwards.into_iter().flatten().collect();
    if given.is_sorted() { all } else { [None; 6] }
}

/// A range that holds these values with some room, doubled from a usual one for as long as needed:
/// coarse steps, so that it is the same again after a restart.
fn range(quantity: Quantity, values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = match quantity {
        Quantity::Temperature => (-40.0, 125.0),
        Quantity::Voltage | Quantity::Current => (0.0, 2.0),
        Quantity::Fan => (0.0, 5100.0),
        Quantity::Power => (0.0, 32.0),
    };
    values.fold((low, high), |(mut low, mut high), value| {
        if value < 0.0 && low == 0.0 {
            low = -high;
        }
        while value > high * 0.8 {
            high *= 2.0;
        }
        while value < low {
            low *= 2.0;
        }
        (low, high)
    })
}

/// More than this is not a measurement: some drivers give the largest number there is.
const fn believable(quantity: Quantity) -> f64 {
    match quantity {
        Quantity::Temperature => 1000.0,
        Quantity::Voltage | Quantity::Current => 10_000.0,
        Quantity::Fan | Quantity::Power => 100_000.0,
    }
}

fn quantity(channel: &str) -> Option<Quantity> {
    let kind = channel.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = kind.len() < channel.len();
    match kind {
        "temp" if numbered => Some(Quantity::Temperature),
        "fan" if numbered => Some(Quantity::Fan),
        "in" if numbered => Some(Quantity::Voltage),
        "curr" if numbered => Some(Quantity::Current),
        "power" if numbered => Some(Quantity::Power),
        _ => None,
    }
}

/// As much of both as fits into the 16 bytes of a sensor's name; the label tells more.
fn name(chip: &str, label: &str) -> String {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| (' '..='~').contains(c)).collect() };
    let (chip, label) = (plain(chip), plain(label));
    let label: String = label.chars().take(16).collect();
    let room = 15usize.saturating_sub(label.len());
    // A stump of a name says nothing.
    if room < 4 || chip.is_empty() {
        return label;
    }
    let chip: String = chip.chars().take(room).collect();
    format!("{chip} {label}")
}

/// Sorts `temp10` after `temp9`.
fn natural(name: &str) -> (String, u64) {
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name.get(kind.len()..).and_then(|digits| digits.parse().ok());
    (kind.to_owned(), number.unwrap_or(0))
}

fn text_in(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
