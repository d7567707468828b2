//! What is kept of Platform Event Filtering.

use ipmi_wire::cmd::sensor::PefParameter;
use ipmi_wire::{DecodeError, Reader};

use super::Key;
use crate::pef;

/// What was set of PEF; what is not there is as delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptPef {
    /// Configuration parameters.
    pub parameters: Vec<PefParameter>,
    /// The last events that software and the controller have processed, by record ID.
    pub processed: Option<(u16, u16)>,
}

impl KeptPef {
    pub(crate) fn processed_bytes(by_software: u16, by_bmc: u16) -> Vec<u8> {
        [by_software.to_le_bytes(), by_bmc.to_le_bytes()].concat()
    }

    pub(super) fn take(&mut self, key: Key, r: &mut Reader<'_>) -> Result<(), DecodeError> {
        if key == pef::PROCESSED {
            self.processed = Some((r.u16("processed by software")?, r.u16("processed by BMC")?));
        } else {
            let [selector, ..] = key.number.to_le_bytes();
            self.parameters.push(PefParameter::decode(selector, r)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvram::{Memory, Room};

    #[test]
    fn parameters_and_how_far_events_were_seen_to_come_back() {
        let key = |number| Key { room: Room::Pef, number };
        let values = [(key(3), vec![30]), (pef::PROCESSED, KeptPef::processed_bytes(7, 9))];
        let values = values.iter().map(|(key, value)| (*key, value.as_slice()));
        let kept = Memory::decode(values).unwrap().pef;
        assert_eq!(kept.parameters, [PefParameter::StartupDelay(30)]);
        assert_eq!(kept.processed, Some((7, 9)));
    }
}
