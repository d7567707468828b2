//! Boot options: what whoever starts the machine leaves for its firmware.
//!
//! They are stored, told and kept as they were set. The machine's firmware does not ask for them
//! yet, and nothing of them ends by itself.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::chassis::{
    BootFlags, BootInitiator, BootParameter, SetInProgress, SetSystemBootOptions, SystemBootOptions,
};

use crate::dispatch::Outcome;
use crate::nvram::{Journal, Key, Room};

/// The boot option parameters. IPMI v2.0 §28.13, Table 28-14.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BootOptions {
    /// The parameters that are marked as invalid, as bits.
    invalid: u8,
    progress: SetInProgress,
    service_partition: u8,
    scan: bool,
    discovered: bool,
    valid_bit_clearing: u8,
    acknowledge: u8,
    flags: BootFlags,
    initiator: BootInitiator,
    mailbox: [[u8; BootParameter::MAILBOX_BLOCK]; BLOCKS],
}

/// Blocks of the mailbox: as many as the specification asks for, 80 bytes.
const BLOCKS: usize = 5;
/// The mailbox's selector.
const MAILBOX: u8 = 7;
/// What is not kept, being 0 after a start of the controller (Table 28-14): whether setting is
/// under way, and who has handled the boot information.
const VOLATILE: [u8; 2] = [0, 4];

impl BootOptions {
    /// What was `kept`.
    pub(crate) fn new(kept: &[SetSystemBootOptions]) -> Self {
        let mut options = Self::default();
        for request in kept {
            // Of a later program with the same format: what it added does not concern this one.
            let _ = options.apply(request);
        }
        options.reset();
        options
    }

    /// What a reset of the controller does.
    pub(crate) fn reset(&mut self) {
        self.progress = SetInProgress::Complete;
        self.acknowledge = 0;
        self.invalid &= VOLATILE.iter().fold(!0, |bits, selector| bits & !bit(*selector));
    }

    /// The parameter `selector`; `set` is a block of the mailbox.
    pub(crate) fn get(&self, selector: u8, set: u8) -> Outcome<SystemBootOptions> {
        let parameter = match selector {
            0 => BootParameter::SetInProgress(self.progress),
            1 => BootParameter::ServicePartition(self.service_partition),
            2 => {
                BootParameter::ServicePartitionScan { scan: self.scan, discovered: self.discovered }
            }
            3 => BootParameter::ValidBitClearing(self.valid_bit_clearing),
            4 => BootParameter::Acknowledge { mask: 0, data: self.acknowledge },
            5 => BootParameter::Flags(self.flags),
            6 => BootParameter::Initiator(self.initiator),
            MAILBOX => {
                let block = self.mailbox.get(usize::from(set));
                // With C9h ipmitool knows that it has come to the end.
                let data = block.ok_or(CompletionCode::PARAMETER_OUT_OF_RANGE)?.to_vec();
                BootParameter::Mailbox { block: set, data }
            }
            _ => return Err(UNSUPPORTED),
        };
        let invalid = self.invalid & bit(selector) != 0;
        Ok(SystemBootOptions { version: SystemBootOptions::VERSION, invalid, parameter })
    }

    /// Sets a parameter.
    pub(crate) fn set(
        &mut self,
        request: &SetSystemBootOptions,
        journal: &mut Journal,
    ) -> Outcome<()> {
        let marks = self.invalid;
        self.apply(request)?;
        let set = match &request.value {
            Some(BootParameter::Mailbox { block, .. }) => *block,
            _ => 0,
        };
        if !VOLATILE.contains(&request.selector) {
            self.note(request.selector, set, journal);
        }
        // Every block is kept with the mailbox's mark.
        if request.selector == MAILBOX && self.invalid != marks {
            (0u8..).zip(&self.mailbox).for_each(|(block, _)| self.note(MAILBOX, block, journal));
        }
        Ok(())
    }

    fn apply(&mut self, request: &SetSystemBootOptions) -> Outcome<()> {
        if request.selector > MAILBOX {
            return Err(UNSUPPORTED);
        }
        match &request.value {
            None => {}
            Some(BootParameter::SetInProgress(state)) => {
                self.progress = self.progress_to(*state)?
            }
            Some(BootParameter::ServicePartition(selector)) => self.service_partition = *selector,
            Some(BootParameter::ServicePartitionScan { scan, discovered }) => {
                (self.scan, self.discovered) = (*scan, *discovered);
            }
            Some(BootParameter::ValidBitClearing(bits)) => self.valid_bit_clearing = *bits,
            Some(BootParameter::Acknowledge { mask, data }) => {
                self.acknowledge = (self.acknowledge & !mask) | (data & mask);
            }
            Some(BootParameter::Flags(flags)) => self.flags = *flags,
            Some(BootParameter::Initiator(initiator)) => self.initiator = *initiator,
            Some(BootParameter::Mailbox { block, data }) => {
                let block = self.mailbox.get_mut(usize::from(*block));
                let block = block.ok_or(CompletionCode::PARAMETER_OUT_OF_RANGE)?;
                block.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
            }
            Some(BootParameter::Other { .. }) => return Err(UNSUPPORTED),
        }
        self.invalid &= !bit(request.selector);
        if request.invalid {
            self.invalid |= bit(request.selector);
        }
        Ok(())
    }

    /// What becomes of the state of setting.
    fn progress_to(&self, state: SetInProgress) -> Outcome<SetInProgress> {
        /// §28.12: setting is under way already.
        const IN_PROGRESS: CompletionCode = CompletionCode(0x81);
        match state {
            // What is set holds at once: there is nothing to commit or take back.
            SetInProgress::CommitWrite => Err(CompletionCode::INVALID_DATA_FIELD),
            SetInProgress::InProgress if self.progress != SetInProgress::Complete => {
                Err(IN_PROGRESS)
            }
            state => Ok(state),
        }
    }

    fn note(&self, selector: u8, set: u8, journal: &mut Journal) {
        let Ok(SystemBootOptions { invalid, parameter, .. }) = self.get(selector, set) else {
            return;
        };
        let number = u32::from_le_bytes([selector, set, 0, 0]);
        let request = SetSystemBootOptions { selector, invalid, value: Some(parameter) };
        journal.put(Key { room: Room::BootOptions, number }, &request);
    }
}

/// The bit of a parameter that there is.
const fn bit(selector: u8) -> u8 {
    1 << (selector & 7)
}

/// §28.12: there is no such parameter.
const UNSUPPORTED: CompletionCode = CompletionCode(0x80);

#[cfg(test)]
mod tests {
    use ipmi_wire::Channel;
    use ipmi_wire::cmd::chassis::BootDevice;

    use super::*;
    use crate::nvram::{Change, Memory};

    fn flags() -> BootFlags {
        BootFlags {
            valid: true,
            persistent: true,
            efi: true,
            device: BootDevice::PXE,
            ..BootFlags::default()
        }
    }

    /// One value of each parameter.
    fn values() -> Vec<BootParameter> {
        let initiator =
            BootInitiator { channel: Channel::new(1), session_id: 7, timestamp: 0x6b49_d200 };
        vec![
            BootParameter::SetInProgress(SetInProgress::InProgress),
            BootParameter::ServicePartition(3),
            BootParameter::ServicePartitionScan { scan: true, discovered: true },
            BootParameter::ValidBitClearing(0x08),
            BootParameter::Acknowledge { mask: 0xff, data: 0x1f },
            BootParameter::Flags(flags()),
            BootParameter::Initiator(initiator),
            BootParameter::Mailbox { block: 4, data: (1..=16).collect() },
        ]
    }

    fn kept(journal: &mut Journal) -> Memory {
        let changes = journal.take();
        let values = changes.iter().map(|change| match change {
            Change::Put(key, value) => (*key, value.as_slice()),
            other => panic!("{other:?}"),
        });
        // As a store does it: one value per key, the last one.
        let values: std::collections::BTreeMap<_, _> = values.collect();
        Memory::decode(values).unwrap()
    }

    #[test]
    fn what_is_set_is_told_and_kept() {
        let (mut options, mut journal) = (BootOptions::default(), Journal::default());
        for value in values() {
            let set = if value.selector() == MAILBOX { 4 } else { 0 };
            options.set(&SetSystemBootOptions::with(value.clone()), &mut journal).unwrap();
            let told = options.get(value.selector(), set).unwrap();
            let expected = match value {
                BootParameter::Acknowledge { data, .. } => {
                    BootParameter::Acknowledge { mask: 0, data }
                }
                value => value,
            };
            assert_eq!((told.version, told.invalid, told.parameter), (1, false, expected));
        }
        let again = BootOptions::new(&kept(&mut journal).boot_options);
        options.reset();
        assert_eq!(again, options);
        assert_eq!(again.flags, flags());
        assert_eq!((again.progress, again.acknowledge), (SetInProgress::Complete, 0));
    }

    #[test]
    fn a_mark_changes_and_the_value_does_not() {
        let (mut options, mut journal) = (BootOptions::default(), Journal::default());
        let with = SetSystemBootOptions::with;
        options.set(&with(BootParameter::Flags(flags())), &mut journal).unwrap();
        let data = vec![9; 16];
        let block = BootParameter::Mailbox { block: 2, data };
        options.set(&with(block), &mut journal).unwrap();
        for selector in 0..=7 {
            let request = SetSystemBootOptions { selector, invalid: true, value: None };
            options.set(&request, &mut journal).unwrap();
            assert!(options.get(selector, 2).unwrap().invalid);
        }
        assert_eq!(options.flags, flags());
        let again = BootOptions::new(&kept(&mut journal).boot_options);
        assert_eq!(again.invalid, 0b1110_1110);
        assert_eq!((again.flags, again.mailbox), (options.flags, options.mailbox));
        // Whoever sets a value validates it.
        options.set(&with(BootParameter::ServicePartition(1)), &mut journal).unwrap();
        assert!(!options.get(1, 0).unwrap().invalid);
    }

    #[test]
    fn two_cannot_set_at_a_time() {
        let (mut options, mut journal) = (BootOptions::default(), Journal::default());
        let mut set = |state| {
            let request = SetSystemBootOptions::with(BootParameter::SetInProgress(state));
            options.set(&request, &mut journal)
        };
        set(SetInProgress::InProgress).unwrap();
        assert_eq!(set(SetInProgress::InProgress), Err(CompletionCode(0x81)));
        assert_eq!(set(SetInProgress::CommitWrite), Err(CompletionCode::INVALID_DATA_FIELD));
        set(SetInProgress::Complete).unwrap();
        set(SetInProgress::Complete).unwrap();
        set(SetInProgress::InProgress).unwrap();
        options.reset();
        assert_eq!(options.progress, SetInProgress::Complete);
        assert_eq!(journal.noted(), 0, "who is at it now is forgotten");
    }

    #[test]
    fn only_the_bits_that_are_meant_are_acknowledged() {
        let (mut options, mut journal) = (BootOptions::default(), Journal::default());
        for (mask, data, after) in [(0xff, 0xff, 0xff), (0x01, 0x00, 0xfe), (0x02, 0xff, 0xfe)] {
            let value = BootParameter::Acknowledge { mask, data };
            options.set(&SetSystemBootOptions::with(value), &mut journal).unwrap();
            assert_eq!(options.acknowledge, after);
        }
    }

    #[test]
    fn what_there_is_not_is_refused() {
        let (mut options, mut journal) = (BootOptions::default(), Journal::default());
        for selector in [8, 95, 96, 127] {
            assert_eq!(options.get(selector, 0), Err(UNSUPPORTED));
            for value in [None, Some(BootParameter::Other { selector, data: vec![1] })] {
                let request = SetSystemBootOptions { selector, invalid: false, value };
                assert_eq!(options.set(&request, &mut journal), Err(UNSUPPORTED));
            }
        }
        let beyond = BootParameter::Mailbox { block: 5, data: vec![1] };
        let refused = options.set(&SetSystemBootOptions::with(beyond), &mut journal);
        assert_eq!(refused, Err(CompletionCode::PARAMETER_OUT_OF_RANGE));
        assert_eq!(options.get(MAILBOX, 5), Err(CompletionCode::PARAMETER_OUT_OF_RANGE));
        assert_eq!((journal.noted(), options), (0, BootOptions::default()));
    }

    #[test]
    fn a_short_write_leaves_the_rest_of_a_block() {
        let (mut options, mut journal) = (BootOptions::default(), Journal::default());
        for data in [vec![7; 16], vec![1, 2]] {
            let value = BootParameter::Mailbox { block: 0, data };
            options.set(&SetSystemBootOptions::with(value), &mut journal).unwrap();
        }
        assert_eq!(options.mailbox[0][..4], [1, 2, 7, 7]);
    }
}
