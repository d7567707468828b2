//! Names that people type: `busy`, or with how much of it, `busy=5`.

use core::fmt;
use core::str::FromStr;

use super::{Fault, FaultKind, Parameter};

/// No such fault, or not so much of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFault {
    /// There is none of this name.
    #[error("there is no such fault")]
    Name,
    /// This one has no number.
    #[error("this fault takes no number")]
    NoNumber,
    /// The number is not one, or not one of these.
    #[error("{what}, {least} to {most}")]
    Number {
        /// What it counts.
        what: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
}

impl FaultKind {
    /// The fault of this name, in capitals or not.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let (name, number) = match text.split_once('=') {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        let kind = FaultKind::from_name(name.trim()).ok_or(UnknownFault::Name)?;
        let amount = match (kind.facts().parameter, number) {
            (None, None) => 0,
            (None, Some(_)) => return Err(UnknownFault::NoNumber),
            (Some(parameter), None) => parameter.default,
            (Some(Parameter { what, least, most, .. }), Some(number)) => {
                let number = number.trim();
                let number = match number.strip_prefix("0x") {
                    Some(digits) => u32::from_str_radix(digits, 16).ok(),
                    None => number.parse().ok(),
                };
                number
                    .filter(|number| (least..=most).contains(number))
                    .ok_or(UnknownFault::Number { what, least, most })?
            }
        };
        Ok(Self { kind, amount })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        match self.kind.facts().parameter {
            Some(_) => write!(f, "={}", self.amount),
            None => Ok(()),
        }
    }
}
