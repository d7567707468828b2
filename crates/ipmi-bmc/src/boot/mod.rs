//! Boot options: what whoever starts the machine leaves for its firmware.
//!
//! They are stored, told and kept as they were set, but for the boot flags' valid bit, which goes by
//! itself: when a start has used it up, after a minute in which nothing came of it, and when the
//! machine is started by somebody who knows nothing of it. Parameter 3 says which of these clear
//! nothing. *Persistent* flags are for all starts, and stay: the specification lets the bit go from
//! them, too, and does not ask for it, and whoever sets them expects to find them.

use std::time::{Duration, Instant};

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::chassis::{
    BootFlags, BootInitiator, BootParameter, RestartCause, SetSystemBootOptions, SystemBootOptions,
};

use crate::claim::Claim;
use crate::context::Context;
use crate::dispatch::Outcome;
use crate::nvram::{Journal, Key, Room};
use crate::platform::{BootOrder, Platform};

/// The boot option parameters. IPMI v2.0 §28.13, Table 28-14.
#[derive(Debug, Default)]
pub(crate) struct BootOptions {
    values: Values,
    claim: Claim,
    acknowledge: u8,
    /// When the boot flags are no longer meant.
    lapse_at: Option<Instant>,
    /// The boot flags changed by themselves, and that is not noted yet.
    touched: bool,
}

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Values {
    /// The parameters that are marked as invalid, as bits.
    invalid: u8,
    service_partition: u8,
    scan: bool,
    discovered: bool,
    valid_bit_clearing: u8,
    flags: BootFlags,
    initiator: BootInitiator,
    mailbox: [[u8; BootParameter::MAILBOX_BLOCK]; BLOCKS],
}

/// Blocks of the mailbox: as many as the specification asks for, 80 bytes.
const BLOCKS: usize = 5;
/// The boot flags' selector.
const FLAGS: u8 = 5;
/// The mailbox's selector.
const MAILBOX: u8 = 7;
/// What is not kept, being 0 after a start of the controller (Table 28-14): whether setting is
/// under way, and who has handled the boot information.
const VOLATILE: [u8; 2] = [0, 4];

/// What does not clear the valid bit, by bit of parameter 3.
mod unless {
    pub(super) const POWER_BUTTON: u8 = 1;
    pub(super) const RESET_BUTTON: u8 = 1 << 1;
    pub(super) const WATCHDOG: u8 = 1 << 2;
    pub(super) const TIMEOUT: u8 = 1 << 3;
    pub(super) const PEF: u8 = 1 << 4;
}

/// How long boot flags are meant.
pub(crate) const LAPSE: Duration = Duration::from_secs(60);

impl BootOptions {
    /// The same at another BMC.
    pub(crate) fn sibling(&self) -> Self {
        Self { values: self.values.clone(), ..Self::default() }
    }

    /// What was `kept`. Flags that are meant for one start are meant for another minute.
    pub(crate) fn new(now: Instant, kept: &[SetSystemBootOptions]) -> Self {
        let mut options = Self::default();
        for request in kept {
            // Of a later program with the same format: what it added does not concern this one.
            let _ = options.apply(request);
        }
        options.reset();
        options.wind(now);
        options
    }

    /// What a reset of the controller does.
    pub(crate) fn reset(&mut self) {
        self.claim.release();
        self.acknowledge = 0;
        self.values.invalid &= VOLATILE.iter().fold(!0, |bits, selector| bits & !bit(*selector));
    }

    /// The parameter `selector`; `set` is a block of the mailbox.
    pub(crate) fn get(&self, now: Instant, selector: u8, set: u8) -> Outcome<SystemBootOptions> {
        let parameter = match selector {
            0 => BootParameter::SetInProgress(self.claim.progress(now)),
            4 => BootParameter::Acknowledge { mask: 0, data: self.acknowledge },
            _ => self.values.get(selector, set)?,
        };
        let invalid = self.values.invalid & bit(selector) != 0;
        Ok(SystemBootOptions { version: SystemBootOptions::VERSION, invalid, parameter })
    }

    /// Sets a parameter.
    ///
    /// # Errors
    /// 80h if there is no such parameter, 81h if somebody else is at it; CCh for a device that the
    /// machine does not have; C9h for a block behind the mailbox's end.
    pub(crate) fn set(
        &mut self,
        context: &Context,
        request: &SetSystemBootOptions,
        platform: &dyn Platform,
        journal: &mut Journal,
    ) -> Outcome<()> {
        if let Some(BootParameter::Flags(flags)) = &request.value
            && !platform.can_boot_from(flags.device)
        {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        if let Some(BootParameter::SetInProgress(state)) = &request.value {
            self.claim.set(context, *state)?;
        } else {
            self.claim.prolong(context);
        }
        let marks = self.values.invalid;
        self.apply(request)?;
        // Setting the flags again begins the minute again, and so does a change of what ends it.
        if matches!(request.selector, 3 | FLAGS) {
            self.wind(context.now);
        }
        let set = match &request.value {
            Some(BootParameter::Mailbox { block, .. }) => *block,
            _ => 0,
        };
        if !VOLATILE.contains(&request.selector) {
            self.note(request.selector, set, journal);
        }
        // Every block is kept with the mailbox's mark.
        if request.selector == MAILBOX && self.values.invalid != marks {
            let blocks = (0u8..).zip(&self.values.mailbox);
            blocks.for_each(|(block, _)| self.note(MAILBOX, block, journal));
        }
        Ok(())
    }

    /// A Chassis Control command has come: the minute begins again (Table 28-14, parameter 3).
    pub(crate) fn expect_start(&mut self, now: Instant) {
        self.wind(now);
    }

    /// From what a machine is to start that starts for this reason, if that was said.
    pub(crate) fn order(&self, cause: RestartCause) -> Option<BootOrder> {
        let BootFlags { device, instance, efi, persistent, .. } = self.values.flags;
        let needed = match cause {
            RestartCause::PowerButton | RestartCause::RtcWakeup => unless::POWER_BUTTON,
            RestartCause::ResetButton | RestartCause::SoftReset => unless::RESET_BUTTON,
            RestartCause::Watchdog => unless::WATCHDOG,
            RestartCause::PefReset | RestartCause::PefPowerCycle => unless::PEF,
            _ => 0,
        };
        let applies = persistent || self.values.valid_bit_clearing & needed == needed;
        let order = BootOrder { device, instance, efi, persistent };
        (self.are_meant() && applies).then_some(order)
    }

    /// The machine has started. Flags that were meant for one start are used up, whether they
    /// applied to this one or not.
    pub(crate) fn use_up(&mut self) {
        if self.are_meant() && !self.values.flags.persistent {
            self.clear_valid();
        }
    }

    /// Lets time pass.
    pub(crate) fn advance(&mut self, now: Instant) {
        if self.lapse_at.is_some_and(|at| now >= at) {
            self.clear_valid();
        }
    }

    /// When [`advance`](Self::advance) next has something to do.
    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.lapse_at
    }

    /// Notes what has become of the boot flags.
    pub(crate) fn keep(&mut self, journal: &mut Journal) {
        if core::mem::take(&mut self.touched) {
            self.note(FLAGS, 0, journal);
        }
    }

    /// Whether the boot flags are meant for the next start.
    const fn are_meant(&self) -> bool {
        self.values.flags.valid && self.values.invalid & bit(FLAGS) == 0
    }

    fn clear_valid(&mut self) {
        self.values.flags.valid = false;
        self.lapse_at = None;
        self.touched = true;
    }

    fn wind(&mut self, now: Instant) {
        let lapses = self.are_meant()
            && !self.values.flags.persistent
            && self.values.valid_bit_clearing & unless::TIMEOUT == 0;
        self.lapse_at = if lapses { now.checked_add(LAPSE) } else { None };
    }

    fn apply(&mut self, request: &SetSystemBootOptions) -> Outcome<()> {
        if request.selector > MAILBOX {
            return Err(UNSUPPORTED);
        }
        let values = &mut self.values;
        match &request.value {
            None | Some(BootParameter::SetInProgress(_)) => {}
            Some(BootParameter::ServicePartition(selector)) => values.service_partition = *selector,
            Some(BootParameter::ServicePartitionScan { scan, discovered }) => {
                (values.scan, values.discovered) = (*scan, *discovered);
            }
            Some(BootParameter::ValidBitClearing(bits)) => values.valid_bit_clearing = *bits,
            Some(BootParameter::Acknowledge { mask, data }) => {
                self.acknowledge = (self.acknowledge & !mask) | (data & mask);
            }
            Some(BootParameter::Flags(flags)) => values.flags = *flags,
            Some(BootParameter::Initiator(initiator)) => values.initiator = *initiator,
            Some(BootParameter::Mailbox { block, data }) => {
                let block = values.mailbox.get_mut(usize::from(*block));
                let block = block.ok_or(CompletionCode::PARAMETER_OUT_OF_RANGE)?;
                block.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
            }
            Some(BootParameter::Other { .. }) => return Err(UNSUPPORTED),
        }
        values.invalid &= !bit(request.selector);
        if request.invalid {
            values.invalid |= bit(request.selector);
        }
        Ok(())
    }

    fn note(&self, selector: u8, set: u8, journal: &mut Journal) {
        let Ok(parameter) = self.values.get(selector, set) else { return };
        let number = u32::from_le_bytes([selector, set, 0, 0]);
        let invalid = self.values.invalid & bit(selector) != 0;
        let request = SetSystemBootOptions { selector, invalid, value: Some(parameter) };
        journal.put(Key { room: Room::BootOptions, number }, &request);
    }
}

impl Values {
    fn get(&self, selector: u8, set: u8) -> Outcome<BootParameter> {
        Ok(match selector {
            1 => BootParameter::ServicePartition(self.service_partition),
            2 => {
                BootParameter::ServicePartitionScan { scan: self.scan, discovered: self.discovered }
            }
            3 => BootParameter::ValidBitClearing(self.valid_bit_clearing),
            FLAGS => BootParameter::Flags(self.flags),
            6 => BootParameter::Initiator(self.initiator),
            MAILBOX => {
                let block = self.mailbox.get(usize::from(set));
                // With C9h ipmitool knows that it has come to the end.
                let data = block.ok_or(CompletionCode::PARAMETER_OUT_OF_RANGE)?.to_vec();
                BootParameter::Mailbox { block: set, data }
            }
            _ => return Err(UNSUPPORTED),
        })
    }
}

/// The bit of a parameter that there is.
const fn bit(selector: u8) -> u8 {
    1 << (selector & 7)
}

/// §28.12: there is no such parameter.
const UNSUPPORTED: CompletionCode = CompletionCode(0x80);

#[cfg(test)]
mod tests;
