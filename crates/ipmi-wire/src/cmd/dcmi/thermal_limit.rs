//! How hot it may get, and what happens if it gets hotter. DCMI v1.5 §6.7.1 and §6.7.2.

use crate::codec::{DecodeError, Reader};

/// A limit on a temperature at the inlet.
///
/// Actions come before the temperature, as ipmitool has it. (FreeIPMI 1.6.10 has a template with the
/// two the other way round, which no tool of it uses.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThermalLimit {
    /// It is kept when the power fails. (Of ipmitool and DCMI 1.1; OpenBMC has no thermal limits.)
    pub persistent: bool,
    /// Main power goes off, and an event into the log.
    pub power_off: bool,
    /// An event goes into the log, and nothing else happens.
    pub log: bool,
    /// Degrees Celsius.
    pub celsius: u8,
    /// Seconds above the limit before anything happens.
    pub seconds: u16,
}

impl ThermalLimit {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        let flag = |on: bool, bit: u8| u8::from(on) << bit;
        out.push(flag(self.persistent, 7) | flag(self.power_off, 6) | flag(self.log, 5));
        out.push(self.celsius);
        out.extend(self.seconds.to_le_bytes());
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let actions = r.u8("exception actions")?;
        Ok(Self {
            persistent: actions & 0x80 != 0,
            power_off: actions & 0x40 != 0,
            log: actions & 0x20 != 0,
            celsius: r.u8("temperature limit")?,
            seconds: r.u16("exception time")?,
        })
    }
}
