//! `sol` as it is typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ipmi_client::sol::SolChange;
use ipmi_wire::cmd::transport::BitRate;

#[derive(Debug, Subcommand)]
pub(crate) enum Sol {
    /// The machine's console, on this terminal or between pipes
    Activate(Attend),
    /// Read along at a console that somebody else has; takes a BMC that allows it
    Watch(Watch),
    /// End a console, whoever has it
    Deactivate {
        /// Which instance
        #[arg(long, value_name = "N", default_value = "1", value_parser = instance)]
        instance: u8,
    },
    /// How Serial over LAN is set on a channel
    Info {
        #[command(flatten)]
        at: super::channel::At,
    },
    /// Change how Serial over LAN is set, and read it back
    #[command(after_long_help = SETTINGS)]
    Set(SolSet),
    /// Activate and deactivate over and over, to see whether that works each time
    Looptest {
        /// How often
        #[arg(value_name = "TIMES", default_value = "10")]
        times: u32,
        /// Pause between, in milliseconds
        #[arg(long, value_name = "MS", default_value = "0")]
        interval: u64,
        /// Which instance
        #[arg(long, value_name = "N", default_value = "1", value_parser = instance)]
        instance: u8,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SolSet {
    /// Names and values by turns, such as 'enabled on retry-count 3'; '--help' lists them
    #[arg(value_name = "NAME VALUE", required = true, num_args = 2..)]
    pub(crate) words: Vec<String>,
    /// Channel [default: the one of the session]
    #[arg(long, value_name = "N", value_parser = super::words::channel)]
    pub(crate) channel: Option<ipmi_wire::Channel>,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

const SETTINGS: &str = "\
Settings:
  enabled                     on, off
  force-encryption            on, off
  force-authentication        on, off
  privilege-level             user, operator, administrator, oem: what a console takes
  character-accumulate-level  5ms to 1275ms: so long characters are gathered
  character-send-threshold    0 to 255: so many characters are sent at once
  retry-count                 0 to 7
  retry-interval              0ms to 2550ms
  non-volatile-bit-rate       serial, 9.6, 19.2, 38.4, 57.6 or 115.2 kbit/s: from the next start on
  volatile-bit-rate           the same, now

Which users may have a console: 'lantern user payload USER --sol on|off'.";

/// What the words of `sol set` mean.
pub(crate) fn change(words: &[String]) -> Result<SolChange, String> {
    let mut change = SolChange::default();
    for pair in words.chunks(2) {
        let [name, value] = pair else {
            return Err(format!("{} has no value", pair.concat()));
        };
        set(&mut change, name, value)
            .map_err(|right| format!("{name} {value}: the value is {right}"))?;
    }
    Ok(change)
}

fn set(change: &mut SolChange, name: &str, value: &str) -> Result<(), String> {
    match name {
        "enabled" => change.enabled = Some(switch(value)?),
        "force-encryption" => change.force_encryption = Some(switch(value)?),
        "force-authentication" => change.force_authentication = Some(switch(value)?),
        "privilege-level" => {
            let level = value.to_ascii_lowercase();
            change.privilege = Some(match level.as_str() {
                "user" => 2,
                "operator" => 3,
                "admin" | "administrator" => 4,
                "oem" => 5,
                _ => return Err("user, operator, administrator or oem".to_owned()),
            });
        }
        "character-accumulate-level" => change.accumulate_interval = Some(time(value, 5, 1)?),
        "character-send-threshold" => {
            let count = value.parse().map_err(|_| "a number from 0 to 255".to_owned())?;
            change.send_threshold = Some(count);
        }
        "retry-count" => {
            let count = value.parse().ok().filter(|count| *count <= 7);
            change.retry_count = Some(count.ok_or_else(|| "a number from 0 to 7".to_owned())?);
        }
        "retry-interval" => change.retry_interval = Some(time(value, 10, 0)?),
        "non-volatile-bit-rate" => change.non_volatile_rate = Some(bit_rate(value)?),
        "volatile-bit-rate" => change.volatile_rate = Some(bit_rate(value)?),
        _ => return Err("of no setting of that name; '--help' lists them".to_owned()),
    }
    Ok(())
}

/// As everywhere, or as ipmitool has it.
fn switch(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => super::words::on_off(value),
    }
}

/// A time in units of `unit` milliseconds. ipmitool takes bare numbers for units, and shows
/// milliseconds: here a unit has to be said.
fn time(value: &str, unit: u16, least: u8) -> Result<u8, String> {
    let milliseconds: Option<u16> = value.strip_suffix("ms").and_then(|text| text.parse().ok());
    let units = milliseconds.filter(|time| time % unit == 0).map(|time| time / unit);
    let units = units.and_then(|units| u8::try_from(units).ok()).filter(|units| *units >= least);
    units.ok_or_else(|| {
        let (from, to) = (u16::from(least) * unit, u16::from(u8::MAX) * unit);
        format!("{from}ms to {to}ms, in steps of {unit}ms")
    })
}

fn bit_rate(value: &str) -> Result<BitRate, String> {
    Ok(match value {
        "serial" => BitRate::SERIAL,
        "9.6" | "9600" => BitRate::B9600,
        "19.2" | "19200" => BitRate::B19200,
        "38.4" | "38400" => BitRate::B38400,
        "57.6" | "57600" => BitRate::B57600,
        "115.2" | "115200" => BitRate::B115200,
        _ => return Err("serial, 9.6, 19.2, 38.4, 57.6 or 115.2".to_owned()),
    })
}

#[derive(Debug, Args)]
pub(crate) struct Attend {
    /// Which instance
    #[arg(long, value_name = "N", default_value = "1", value_parser = instance)]
    pub(crate) instance: u8,
    /// Take it from whoever has it
    #[arg(long)]
    pub(crate) steal: bool,
    /// Send characters in the clear, if the BMC allows it
    #[arg(long)]
    pub(crate) no_encryption: bool,
    /// Escape character at the beginning of a line, or 'none'
    #[arg(short, long, value_name = "CHAR", default_value = "~", value_parser = escape)]
    pub(crate) escape: Escape,
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Once standard input has ended, leave when the machine was silent for so long
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = super::words::seconds)]
    pub(crate) linger: std::time::Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Which instance [default: the first after 1 that is free]
    #[arg(long, value_name = "N", value_parser = instance)]
    pub(crate) instance: Option<u8>,
    #[command(flatten)]
    pub(crate) keep: Keep,
}

/// What is done about what is shown, and about losing it.
#[derive(Debug, Args)]
pub(crate) struct Keep {
    /// Keep what is shown in FILE, each line with its time; readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Move the log aside when it has so many bytes
    #[arg(long, value_name = "BYTES", default_value = "10485760", requires = "log")]
    pub(crate) log_size: u64,
    /// Keep so many of those
    #[arg(long, value_name = "N", default_value = "5", requires = "log")]
    pub(crate) log_files: u32,
    /// End when the console is lost, in the place of trying to get it back
    #[arg(long)]
    pub(crate) no_reconnect: bool,
}

/// The escape character, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Escape(pub(crate) Option<u8>);

pub(super) fn escape(text: &str) -> Result<Escape, String> {
    match text.as_bytes() {
        b"none" => Ok(Escape(None)),
        [byte] if byte.is_ascii_graphic() => Ok(Escape(Some(*byte))),
        [b'^', letter @ b'@'..=b'_'] => Ok(Escape(Some(letter & 0x1f))),
        _ => Err("a character, ^ and a letter for a control character, or 'none'".to_owned()),
    }
}

fn instance(text: &str) -> Result<u8, String> {
    let number = text.parse().ok().filter(|number| (1..=15).contains(number));
    number.ok_or_else(|| "a number from 1 to 15".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &str) -> Result<SolChange, String> {
        change(&words.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn settings_are_said_in_pairs() {
        let told = said("enabled true force-encryption off privilege-level admin").unwrap();
        let expected = SolChange {
            enabled: Some(true),
            force_encryption: Some(false),
            privilege: Some(4),
            ..SolChange::default()
        };
        assert_eq!(told, expected);
        assert_eq!(said("retry-interval 500ms").unwrap().retry_interval, Some(50));
        assert_eq!(said("character-accumulate-level 5ms").unwrap().accumulate_interval, Some(1));
        let rate = said("volatile-bit-rate 115200").unwrap().volatile_rate;
        assert_eq!(rate, Some(BitRate::B115200));
    }

    #[test]
    fn what_is_no_setting_is_told_with_what_would_be() {
        for (words, right) in [
            ("enabled", "enabled has no value"),
            ("enabled on retry-count", "retry-count has no value"),
            ("retry-count 8", "0 to 7"),
            // 500 ms, or 500 times 10 ms?
            ("retry-interval 500", "0ms to 2550ms, in steps of 10ms"),
            ("retry-interval 505ms", "in steps of 10ms"),
            ("character-accumulate-level 0ms", "5ms to 1275ms"),
            ("character-send-threshold 256", "0 to 255"),
            ("volatile-bit-rate 300", "serial, 9.6"),
            ("colour blue", "no setting of that name"),
        ] {
            let why = said(words).unwrap_err();
            assert!(why.contains(right), "{words}: {why}");
        }
    }
}
