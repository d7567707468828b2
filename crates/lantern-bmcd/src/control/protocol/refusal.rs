//! Why something is not done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

impl Refusal {
    /// With these words.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Why something was not done, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The line is not a JSON object.
    Malformed,
    /// The line is longer than [`MAX_LINE`](super::MAX_LINE). It was read to its end and dropped.
    TooLong,
    /// There is no such operation.
    UnknownOperation,
    /// Something in the request is missing, superfluous, or means nothing.
    BadRequest,
    /// The other end is another user's. The connection ends.
    Forbidden,
    /// There are too many connections. This one ends.
    Busy,
    /// No BMC of this name is behind this socket.
    NoSuchBmc,
    /// There are several BMCs: `bmc` has to say which.
    WhichBmc,
    /// No sensor is called so, or several are.
    NoSuchSensor,
    /// A value for a sensor with states, or the other way round.
    WrongKind,
    /// The controller itself says what this sensor says, or it is not scanned.
    NotSettable,
    /// No session has this ID.
    NoSuchSession,
    /// There is no such quirk.
    NoSuchQuirk,
    /// There is no such fault.
    NoSuchFault,
    /// There is no serial port.
    NoConsole,
    /// The button is disabled.
    Disabled,
    /// There is no mains power.
    NoMains,
    /// The machine cannot do this.
    Unsupported,
    /// The BMC or the machine refuses.
    Refused,
    /// The event log is full.
    LogFull,
    /// It is done, but the store could not be written: it will not survive a restart.
    NotKept,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Malformed,
        Self::TooLong,
        Self::UnknownOperation,
        Self::BadRequest,
        Self::Forbidden,
        Self::Busy,
        Self::NoSuchBmc,
        Self::WhichBmc,
        Self::NoSuchSensor,
        Self::WrongKind,
        Self::NotSettable,
        Self::NoSuchSession,
        Self::NoSuchQuirk,
        Self::NoSuchFault,
        Self::NoConsole,
        Self::Disabled,
        Self::NoMains,
        Self::Unsupported,
        Self::Refused,
        Self::LogFull,
        Self::NotKept,
    ];
}

/// A question after what was most likely meant, or nothing.
pub(crate) fn meant<'a>(said: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let said = said.to_lowercase();
    let likeness = |name: &&str| strsim::jaro_winkler(&said, &name.to_lowercase());
    // Of several that are as like, the first.
    let best = names
        .into_iter()
        .map(|name| (likeness(&name), name))
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    match best {
        Some((likeness, name)) if likeness > 0.7 => format!("; is '{name}' meant?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_list() {
        for code in Code::ALL {
            assert_eq!(Code::ALL.iter().filter(|other| **other == code).count(), 1);
        }
        // The last one is the one that would be forgotten.
        assert_eq!(Code::ALL.len(), Code::NotKept as usize + 1);
    }
}
