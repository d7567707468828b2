//! `mc guid`: the system's identity. Controllers send it in three orders, and which one it is has to be guessed.

use ipmi_wire::cmd::app::{GetSystemGuid, Guid};

use crate::ipmitool::clock::Clock;
use crate::ipmitool::text;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Rfc4122,
    Ipmi,
    Smbios,
}

/// A GUID read in one of the orders.
struct Read {
    text: String,
    version: u8,
    /// Seconds since 1970, if the GUID is one of a time.
    time: i64,
}

impl Order {
    /// In the order in which they are tried: the last that fits is taken.
    const ALL: [Self; 3] = [Self::Rfc4122, Self::Ipmi, Self::Smbios];

    fn read(self, guid: &Guid) -> Read {
        let text = match self {
            Self::Rfc4122 => guid.to_string_rfc4122(),
            Self::Ipmi => guid.to_string_spec(),
            Self::Smbios => guid.to_string_smbios(),
        };
        let mut parts = text.split('-').map(|part| u64::from_str_radix(part, 16).unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let (low, middle, high) = (next(), next(), next());
        let version = u8::try_from(high >> 12 & 0x0f).unwrap_or(0);
        // In units of 100 ns since 15 October 1582.
        let units = (high & 0x0fff) << 48 | middle << 32 | low;
        let seconds = i64::try_from(units / 10_000_000).unwrap_or(0);
        Read { text, version, time: seconds.saturating_sub(12_219_292_800) }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rfc4122 => "RFC4122 (WARNING: IPMI Specification violation!)",
            Self::Ipmi => "IPMI",
            Self::Smbios => "SMBIOS (WARNING: IPMI Specification violation!)",
        }
    }
}

/// The order that makes most sense of it, if any does: one with a version that exists, rather one
/// with a time that can be.
fn guessed(guid: &Guid) -> Option<Order> {
    let mut found = None;
    for order in Order::ALL {
        let read = order.read(guid);
        if (1..=5).contains(&read.version) {
            found = Some(order);
            if read.version == 1 && has_been(read.time) {
                break;
            }
        }
    }
    found
}

/// Whether a time is of a year since 1970 that is not to come.
fn has_been(seconds: i64) -> bool {
    let year = |time: jiff::Timestamp| time.to_zoned(jiff::tz::TimeZone::UTC).year();
    let time = jiff::Timestamp::from_second(seconds);
    time.is_ok_and(|time| (1970..=year(jiff::Timestamp::now())).contains(&year(time)))
}

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let guid = match tool.send(&GetSystemGuid).await {
        Ok(guid) => guid,
        Err(refusal) => {
            match refusal {
                Refusal::Silent => tool.error("IPMI response is NULL."),
                Refusal::Malformed => tool.error("Unexpected data length received."),
                Refusal::Code(code) => {
                    tool.error(&format!("IPMI command failed: {}", text::completion(code)));
                }
            }
            return Err(Failed);
        }
    };
    // `rfc4122` is in the original's help, and guesses.
    let (order, is_guess) = match words.first().map(String::as_str) {
        Some("rfc") => (Some(Order::Rfc4122), false),
        Some("smbios") => (Some(Order::Smbios), false),
        Some("ipmi") => (Some(Order::Ipmi), false),
        Some("dump") => (None, false),
        _ => (guessed(&guid), true),
    };
    let Some(order) = order else {
        let hex: String = guid.0.iter().map(|byte| format!("{byte:02X}")).collect();
        tool.print(&format!("System GUID   : {hex}\n"));
        return Ok(());
    };
    let read = order.read(&guid);
    tool.print(&format!("System GUID   : {}\n", read.text));
    if is_guess {
        tool.print(&format!("GUID Encoding : {}\n", order.name()));
    }
    let version = match read.version {
        1 => "Time-based",
        2 => "DCE Security with POSIX UIDs (not for IPMI)",
        3 => "Name-based using MD5",
        4 => "Random or pseudo-random",
        5 => "Name-based using SHA-1",
        other => &format!("Unknown/unsupported ({other})"),
    };
    tool.print(&format!("GUID Version  : {version}\n"));
    if read.version == 1 {
        // Of a time that no BMC could have, the lower half is shown.
        let [a, b, c, d, ..] = read.time.to_le_bytes();
        let clock = Clock { utc: tool.options.utc };
        let time = clock.numeric(u32::from_le_bytes([a, b, c, d]));
        tool.print(&format!("Timestamp     : {time}\n"));
    }
    Ok(())
}
