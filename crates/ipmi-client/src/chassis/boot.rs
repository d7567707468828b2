//! Boot options: what the next start of the machine is to be like. IPMI v2.0 §28.12 and §28.13.
//!
//! They are set as §28.12 has it: "set in progress" keeps others out, everybody who has to handle
//! the boot information is told that it is new, then come the flags, a commit, and "set complete".
//! What of that a BMC does not have is left out, for many have nothing but the flags. Then they are
//! read back: BMCs that drop the EFI or the persistent bit and say "done" are why machines come up
//! in the wrong system (ipmitool issues 163, 223 and 258).

use std::time::Duration;

use ipmi_wire::cmd::chassis::{
    BootFlags, BootParameter, GetSystemBootOptions, SetInProgress, SetSystemBootOptions,
    SystemBootOptions,
};
use ipmi_wire::{CompletionCode, Privilege};

use super::Mailbox;
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::settings::{IN_PROGRESS, all_refused_alike, tell};

/// All boot options, each with what the BMC says of it, or why it says nothing.
#[derive(Debug)]
pub struct BootOptions {
    /// The parameters 0 to 6, in their order.
    pub parameters: Vec<Result<SystemBootOptions, Error>>,
    /// The mailbox of the boot initiator, parameter 7.
    pub mailbox: Result<Mailbox, Error>,
}

/// How the machine is to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootRequest {
    /// The flags.
    pub flags: BootFlags,
    /// What is not to clear [`BootFlags::valid`], as [`BootParameter::ValidBitClearing`] has it;
    /// `None` leaves that as it is.
    pub keep_valid: Option<u8>,
    /// Ends what somebody else has under way.
    pub take_over: bool,
}

/// What became of a [`BootRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootChange {
    /// The flags that there were; `None` if the BMC does not tell.
    pub before: Option<BootFlags>,
    /// Those that were asked for.
    pub asked: BootFlags,
    /// Those that there are; `None` if the BMC does not tell.
    pub now: Option<BootFlags>,
    /// What does not clear [`BootFlags::valid`] now; `None` if the BMC does not tell.
    pub keep_valid: Option<u8>,
    /// What was asked for of that.
    pub keep_valid_asked: Option<u8>,
    /// Whether the BMC keeps others out meanwhile.
    pub claimed: bool,
    /// Whether those who handle boot information were told that it is new.
    pub announced: bool,
    /// Whether it took single settings with pauses: this BMC loses what comes quickly.
    pub slowly: bool,
}

const IN_PROGRESS_SELECTOR: u8 = 0;
const CLEARING_SELECTOR: u8 = 3;
const FLAGS_SELECTOR: u8 = 5;
/// Table 28-14, parameter 4: a boot initiator should write all ones.
const TO_EVERYBODY: BootParameter = BootParameter::Acknowledge { mask: 0xff, data: 0xff };
/// Longer than it takes a BMC that loses settings to be ready for the next (`slowcommit`,
/// `research/freeipmi.md` §4.6: FreeIPMI waits for a second).
const SLOW: Duration = Duration::from_millis(1200);

impl BootChange {
    /// What the BMC did not keep, by name: `efi`, `persistent`, `device` ...
    #[must_use]
    pub fn dropped(&self) -> Vec<&'static str> {
        let mut dropped = self.now.map_or_else(Vec::new, |now| differences(&self.asked, &now));
        if !self.asked.valid {
            // Flags that are not valid mean nothing, whatever they say.
            dropped.retain(|name| *name == "valid");
        }
        let clearing = self.keep_valid_asked.zip(self.keep_valid);
        if clearing.is_some_and(|(asked, now)| asked != now) {
            dropped.push("keep_valid");
        }
        dropped
    }
}

/// The names of the fields in which they differ.
fn differences(asked: &BootFlags, now: &BootFlags) -> Vec<&'static str> {
    [
        ("valid", asked.valid != now.valid),
        ("persistent", asked.persistent != now.persistent),
        ("efi", asked.efi != now.efi),
        ("device", asked.device != now.device),
        ("instance", asked.instance != now.instance),
        ("clear_cmos", asked.clear_cmos != now.clear_cmos),
        ("lock_keyboard", asked.lock_keyboard != now.lock_keyboard),
        ("blank_screen", asked.blank_screen != now.blank_screen),
        ("lock_reset", asked.lock_reset != now.lock_reset),
        ("lock_power", asked.lock_power != now.lock_power),
        ("lock_sleep", asked.lock_sleep != now.lock_sleep),
        ("verbosity", asked.verbosity != now.verbosity),
        ("progress_traps", asked.progress_traps != now.progress_traps),
        ("bypass_password", asked.bypass_password != now.bypass_password),
        ("console_redirection", asked.redirection != now.redirection),
        ("shared_mode", asked.shared_mode != now.shared_mode),
        ("mux", asked.mux != now.mux),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

impl Bmc {
    /// All boot options.
    ///
    /// # Errors
    /// As [`Bmc::send`]; a BMC that refuses a single parameter says so there.
    pub async fn boot_options(&self) -> Result<BootOptions, Error> {
        let mut parameters = Vec::new();
        for selector in IN_PROGRESS_SELECTOR..=6 {
            parameters.push(tell(self.boot_option(selector, 0).await)?);
        }
        let mailbox = tell(self.boot_mailbox().await)?;
        if all_refused_alike(parameters.iter().map(|told| told.as_ref().err()))
            && let Some(Err(error)) = parameters.pop()
        {
            return Err(error);
        }
        Ok(BootOptions { parameters, mailbox })
    }

    /// The boot flags alone.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn boot_flags(&self) -> Result<BootFlags, Error> {
        match self.boot_option(FLAGS_SELECTOR, 0).await?.parameter {
            BootParameter::Flags(flags) => Ok(flags),
            _ => Err(self.other_parameter()),
        }
    }

    /// Sets how the machine is to start, and reads back what the BMC made of it.
    ///
    /// # Errors
    /// As [`Bmc::send`]. 81h: somebody else has setting under way, for longer than it takes.
    pub async fn set_boot(&self, request: &BootRequest) -> Result<BootChange, Error> {
        let before = tell(self.boot_flags().await)?.ok();
        let known_to_be_slow = self.loses_what_comes_quickly();
        if request.take_over {
            let _ = tell(self.set_boot_progress(SetInProgress::Complete).await)?;
        }
        let claimed = self.claim_boot().await?;
        let written = match known_to_be_slow {
            // What announces it would only keep the flags out.
            true => Ok(false),
            false => self.write_boot(request).await,
        };
        self.release_boot(claimed, written.is_ok()).await?;
        let mut change = BootChange {
            before,
            asked: request.flags,
            now: tell(self.boot_flags().await)?.ok(),
            keep_valid: None,
            keep_valid_asked: request.keep_valid,
            claimed,
            announced: written?,
            slowly: false,
        };
        let lost =
            change.now.is_some() && change.now == before && change.now != Some(request.flags);
        if lost || known_to_be_slow {
            change.slowly = true;
            change.now = self.write_boot_slowly(request).await?;
            if lost && change.dropped().is_empty() {
                self.learn_slow_commit();
            }
        }
        change.keep_valid = self.valid_bit_clearing().await?;
        Ok(change)
    }

    /// As little as it takes, with pauses: nothing of what was set quickly was kept.
    async fn write_boot_slowly(&self, request: &BootRequest) -> Result<Option<BootFlags>, Error> {
        let clearing = request.keep_valid.map(BootParameter::ValidBitClearing);
        let flags = BootParameter::Flags(request.flags);
        for parameter in clearing.into_iter().chain([flags]) {
            tokio::time::sleep(SLOW).await;
            let _ = tell(self.set_boot_option(parameter).await)?;
        }
        Ok(tell(self.boot_flags().await)?.ok())
    }

    /// Whether those who handle boot information were told of it, too.
    async fn write_boot(&self, request: &BootRequest) -> Result<bool, Error> {
        if let Some(bits) = request.keep_valid {
            self.send(&SetSystemBootOptions::with(BootParameter::ValidBitClearing(bits))).await?;
        }
        let announced = match request.flags.valid {
            true => tell(self.send(&SetSystemBootOptions::with(TO_EVERYBODY)).await)?.is_ok(),
            false => false,
        };
        self.set_boot_option(BootParameter::Flags(request.flags)).await?;
        Ok(announced)
    }

    /// Appendix G: to go past the machine's passwords takes an administrator, whatever else is set
    /// takes an operator.
    async fn set_boot_option(&self, parameter: BootParameter) -> Result<(), Error> {
        let bypasses = matches!(parameter, BootParameter::Flags(flags) if flags.bypass_password);
        let command = SetSystemBootOptions::with(parameter);
        match bypasses {
            true => self.send_as(Privilege::Administrator, &command).await,
            false => self.send(&command).await,
        }
    }

    /// What does not clear the valid bit; `None` if the BMC does not tell.
    async fn valid_bit_clearing(&self) -> Result<Option<u8>, Error> {
        let told = tell(self.boot_option(CLEARING_SELECTOR, 0).await)?;
        Ok(told.ok().and_then(|told| match told.parameter {
            BootParameter::ValidBitClearing(bits) => Some(bits),
            _ => None,
        }))
    }

    pub(super) async fn boot_option(
        &self,
        selector: u8,
        set: u8,
    ) -> Result<SystemBootOptions, Error> {
        let answer = self.send(&GetSystemBootOptions { selector, set, block: 0 }).await?;
        match answer.parameter.selector() == selector {
            true => Ok(answer),
            false => Err(self.other_parameter()),
        }
    }

    fn other_parameter(&self) -> Error {
        use ipmi_wire::Command;
        let kind = ErrorKind::Inconsistent("the BMC answered with another boot option");
        self.error(GetSystemBootOptions::NAME, kind)
    }

    async fn set_boot_progress(&self, state: SetInProgress) -> Result<(), Error> {
        let command = SetSystemBootOptions::with(BootParameter::SetInProgress(state));
        self.send_patiently(0, &command, IN_PROGRESS).await
    }

    /// Keeps others out; whether the BMC can do that.
    pub(super) async fn claim_boot(&self) -> Result<bool, Error> {
        let claimed = tell(self.set_boot_progress(SetInProgress::InProgress).await)?;
        match claimed {
            Ok(()) => Ok(true),
            Err(error) if error.completion() == Some(IN_PROGRESS) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Lets others in again, and before that has what was set hold, if all of it was. Many BMCs do
    /// not know what a commit is, and need none.
    pub(super) async fn release_boot(&self, claimed: bool, commit: bool) -> Result<(), Error> {
        if !claimed {
            return Ok(());
        }
        let states = [SetInProgress::CommitWrite, SetInProgress::Complete];
        for state in states.into_iter().skip(usize::from(!commit)) {
            let command = SetSystemBootOptions::with(BootParameter::SetInProgress(state));
            let _ = tell(self.send(&command).await)?;
        }
        // One that loses what comes quickly would keep everybody out.
        let told = tell(self.boot_option(IN_PROGRESS_SELECTOR, 0).await)?;
        let hangs = BootParameter::SetInProgress(SetInProgress::InProgress);
        if told.is_ok_and(|told| told.parameter == hangs) {
            tokio::time::sleep(SLOW).await;
            let _ = tell(self.set_boot_progress(SetInProgress::Complete).await)?;
        }
        Ok(())
    }
}

/// Whether a code says that there is no more of a parameter that has several parts.
pub(super) const fn is_end(code: CompletionCode) -> bool {
    matches!(code.0, 0x80 | 0xc9 | 0xcb | 0xcc | 0xff)
}
