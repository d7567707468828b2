//! The host's hardware monitoring, as Linux shows it in `/sys/class/hwmon`.
//!
//! Each chip has a directory with its name in the file `name`, and a file for each property of each
//! channel: `temp1_input`, `temp1_label`, `temp1_max`. The numbers of the directories say nothing:
//! they depend on which driver came first, and a driver that is loaded again may get another's.
//!
//! Source: Linux, Documentation/hwmon/sysfs-interface.rst.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{Definition, Discovery, Quantity, SensorConfig, SourceConfig};

use super::fit;
use super::probe::number_in;

/// A chip, as it was found.
#[derive(Clone, Debug, PartialEq)]
struct Chip {
    name: String,
    /// What it sits on, for those that sit on something.
    device: Option<PathBuf>,
    directory: PathBuf,
}

/// The reading of a channel, and the chip that it is of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    chip: Chip,
    reading: PathBuf,
}

impl Chip {
    fn at(directory: PathBuf) -> Option<Self> {
        let name = text_in(&directory.join("name"))?;
        let device = fs::canonicalize(directory.join("device")).ok();
        Some(Self { name, device, directory })
    }

    /// The name of its directory.
    fn file(&self) -> String {
        let file = self.directory.file_name();
        file.map(|file| file.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Place {
    /// The file with the reading, unless another chip has got the directory.
    pub(super) fn reading(&self) -> Option<&Path> {
        let chip = Chip::at(self.chip.directory.clone());
        (chip.as_ref() == Some(&self.chip)).then_some(&self.reading)
    }
}

/// Finds a channel of the chip of this name, or with a directory of this name. A chip that was found
/// `before` is looked for as what it was: of several of a kind the one on the same device, or in
/// the same place, or the only one that there is.
pub(super) fn find(
    root: &Path,
    chip: &str,
    channel: &str,
    before: Option<&Place>,
) -> Option<Place> {
    let before = before.map(|place| &place.chip);
    let is_meant = |found: &Chip| match before {
        None => found.name == chip || found.file() == chip,
        Some(before) => found.name == before.name,
    };
    let mut places = chips(root).into_iter().filter(is_meant).filter_map(|chip| {
        let reading = reading(&chip.directory, channel)?;
        Some(Place { chip, reading })
    });
    let Some(before) = before else { return places.next() };
    let mut places: Vec<Place> = places.collect();
    let on_device = |place: &Place| before.device.is_some() && place.chip.device == before.device;
    let in_place = |place: &Place| place.chip.directory == before.directory;
    let same = places.iter().position(on_device).or_else(|| places.iter().position(in_place));
    match same {
        Some(at) => Some(places.swap_remove(at)),
        None if places.len() == 1 || before.name == chip => places.into_iter().next(),
        None => None,
    }
}

/// The channels that are to become sensors. Names are as the chips and their labels have them.
pub(super) fn discover(root: &Path, which: &Discovery) -> Vec<SensorConfig> {
    let mut found = Vec::new();
    for chip in chips(root) {
        let wanted = match which {
            Discovery::Off => false,
            Discovery::All => true,
            Discovery::Chips(names) => names.contains(&chip.name),
        };
        for channel in if wanted { channels(&chip.directory) } else { Vec::new() } {
            found.extend(sensor(&chip, &channel));
        }
    }
    found
}

/// All chips, in an order that outlives a restart of the host: sensors are numbered by it.
fn chips(root: &Path) -> Vec<Chip> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    let mut chips: Vec<Chip> = entries.filter_map(|entry| Chip::at(entry.ok()?.path())).collect();
    chips.sort_by_key(|chip| (chip.name.clone(), chip.device.clone(), natural(&chip.file())));
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
fn sensor(chip: &Chip, channel: &str) -> Option<SensorConfig> {
    let quantity = quantity(channel)?;
    let directory = &chip.directory;
    let label = text_in(&directory.join(format!("{channel}_label")));
    let source = SourceConfig::Hwmon { chip: chip.file(), channel: channel.to_owned() };
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
        name: name(&chip.name, label.as_deref().unwrap_or(channel)),
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
