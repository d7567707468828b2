//! An entry on one line: `sel list` and `sel elist`.

use ipmi_wire::sdr::Record;

use super::clock;
use super::entry::{Entry, hex};
use super::makers::Maker;
use super::sensors::{self, Sensors};
use super::translations::Translations;
use crate::ipmitool::clock::START;
use crate::ipmitool::tool::Tool;

/// What is needed to write an entry.
pub(super) struct Events<'a> {
    pub(super) tool: &'a Tool,
    pub(super) maker: Maker,
    translations: Translations,
}

impl<'a> Events<'a> {
    pub(super) async fn new(tool: &'a Tool) -> Self {
        let maker = Maker::ask(tool).await;
        let translations = Translations::read(tool.options.sel_file.as_deref());
        Self { tool, maker, translations }
    }

    /// Writes an entry in whatever form is asked for. With `sensors`, they are called by their names.
    pub(super) fn print(&self, entry: &Entry, sensors: Option<&Sensors>) {
        let text = match self.tool.verbose.get() {
            0 => self.line(entry, sensors),
            _ => self.block(entry),
        };
        self.tool.print_bytes(&text);
    }

    pub(super) fn line(&self, entry: &Entry, sensors: Option<&Sensors>) -> Vec<u8> {
        let csv = self.tool.csv.get();
        let separator = if csv { "," } else { " | " };
        let mut line = match csv {
            true => format!("{:x},", entry.id),
            false => format!("{:4x} | ", entry.id),
        }
        .into_bytes();
        let mut put = |text: &str| line.extend_from_slice(text.as_bytes());
        if let Some(panic) = entry.panic() {
            put(if csv { ",,Linux kernel panic: " } else { "Linux kernel panic: " });
            line.extend(panic);
            line.push(b'\n');
            return line;
        }
        put(&self.when(entry, separator));
        if entry.is_oem() {
            put(&format!("OEM record {:02x}{separator}", entry.kind));
            if entry.is_timed() {
                put(&format!("{}{separator}", entry.manufacturer()));
            }
            put(&hex(entry.oem_data()));
            put(&self.translations.text(entry, csv));
            put("\n");
            return line;
        }
        let sensor = sensors.and_then(|sensors| sensors.find(entry));
        put(self.maker.sensor_type(entry.sensor_type));
        match sensor {
            Some(record) => {
                line.push(b' ');
                // Characters of the same numbers as the name's bytes.
                line.extend(record.whole_name().chars().filter_map(|c| u8::try_from(c).ok()));
            }
            None if entry.sensor != 0 => put(&format!(" #0x{:02x}", entry.sensor)),
            None => {}
        }
        let mut put = |text: &str| line.extend_from_slice(text.as_bytes());
        put(separator);
        put(&self.maker.describe(entry).unwrap_or_default());
        put(separator);
        put(if entry.is_deasserted { "Deasserted" } else { "Asserted" });
        match (sensor, entry.event_type) {
            (Some(record), 1) => put(&format!("{separator}{}", exceeded(entry, &record.record))),
            (_, 0x6f) if !self.maker.names_modules() => {
                if let Some(module) = module(entry) {
                    put(&format!("{separator}{module}"));
                }
            }
            _ => {}
        }
        put("\n");
        line
    }

    /// Date and time with what separates them from the rest.
    fn when(&self, entry: &Entry, separator: &str) -> String {
        let csv = self.tool.csv.get();
        match (entry.is_timed(), entry.timestamp) {
            (false, _) if csv => ",,".to_owned(),
            (false, _) => String::new(),
            (true, stamp @ ..START) if csv => format!(" Pre-Init ,{stamp:010},"),
            (true, stamp @ ..START) => format!(" Pre-Init  |{stamp:010}| "),
            (true, stamp) => {
                let (date, time) = (clock(self.tool).date(stamp), clock(self.tool).time(stamp));
                format!("{date}{separator}{time}{separator}")
            }
        }
    }

    /// A line of `sel save`: an event that can be added again.
    pub(super) fn file_line(&self, entry: &Entry) -> String {
        let event = entry.event_type | if entry.is_deasserted { 0x80 } else { 0 };
        let [first, second, third] = entry.data;
        let bytes = [entry.evm_rev, entry.sensor_type, entry.sensor, event, first, second, third];
        let bytes: String = bytes.iter().map(|byte| format!("0x{byte:02x} ")).collect();
        let kind = self.maker.sensor_type(entry.sensor_type);
        let text = self.maker.describe(entry).unwrap_or_else(|| "Unknown".to_owned());
        format!("{bytes}# {kind} #0x{:02x} {text}\n", entry.sensor)
    }

    /// What a file of `-O` says.
    pub(super) fn translation(&self, entry: &Entry) -> String {
        self.translations.text(entry, self.tool.csv.get())
    }
}

/// A reading that has crossed a threshold.
fn exceeded(entry: &Entry, record: &Record) -> String {
    let [first, second, third] = entry.data;
    let reading = if first >> 6 == 1 { sensors::value(record, second) } else { 0.0 };
    let reading = brief(reading);
    if (first >> 4) & 3 != 1 {
        return format!("Reading {reading}");
    }
    // Odd states are those of going high; what is over is the other way round.
    let is_high = (first & 1 == 1) != entry.is_deasserted;
    let sign = if is_high { '>' } else { '<' };
    let threshold = brief(sensors::value(record, third));
    format!("Reading {reading} {sign} Threshold {threshold} {}", sensors::unit(record))
}

/// A whole number without decimals, any other with two.
fn brief(value: f32) -> String {
    match value == value.trunc() {
        true => format!("{value:.0}"),
        false => format!("{value:.2}"),
    }
}

/// Which memory module an event is of.
pub(super) fn module(entry: &Entry) -> Option<String> {
    let [first, _, third] = entry.data;
    let says = entry.sensor_type == 0x0c && entry.sensor == 0 && first & 0x30 == 0x20;
    says.then(|| format!("CPU {} DIMM {}", third & 0x0f, third >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_or_have_two_decimals() {
        assert_eq!(brief(96.0), "96");
        assert_eq!(brief(12.096), "12.10");
    }
}
