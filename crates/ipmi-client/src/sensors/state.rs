//! How the thing that a sensor watches is doing.

use ipmi_wire::sel::{Severity, state_severity};
use ipmi_wire::vendor::Decoded;

use super::{Reading, SensorInfo, Silence};

/// How the thing that a sensor watches is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SensorState {
    /// All is well, or there is nothing to compare with.
    Nominal,
    /// Something wants to be looked at.
    Warning,
    /// Something failed, or is about to.
    Critical,
    /// Beyond a non-recoverable threshold.
    NonRecoverable,
    /// The thing is not there: nothing about it is an alarm.
    Absent,
    /// It says something that only its maker understands.
    Unknown,
    /// It says nothing.
    Unreadable(Silence),
}

impl SensorState {
    /// Whether somebody should look.
    #[must_use]
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::Warning | Self::Critical | Self::NonRecoverable)
    }

    /// What the reading says, if the thing is there.
    pub(super) fn of(info: &SensorInfo, reading: &Reading, oem: Option<&Decoded>) -> Self {
        let states = match reading {
            Reading::Analog { crossed, .. } => u16::from(crossed.0),
            Reading::Discrete { states, .. } => *states,
            Reading::None(silence) => return Self::Unreadable(*silence),
            Reading::Failed(_) => return Self::Unreadable(Silence::Failed),
        };
        // Of what is the maker's own, the maker knows best.
        let by_maker = oem.map(|oem| oem.severity).filter(|says| *says != Severity::Unknown);
        let by_specification = || state_severity(info.sensor_type, info.event_type, states);
        match by_maker.unwrap_or_else(by_specification) {
            Severity::Unknown => Self::Unknown,
            Severity::Information => Self::Nominal,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
            Severity::NonRecoverable => Self::NonRecoverable,
        }
    }
}
