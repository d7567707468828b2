//! Boot options.

mod flags;
mod mailbox;

use ipmi_client::Error;
use ipmi_client::chassis::{BootChange, BootOptions};
use ipmi_wire::Encode;
use ipmi_wire::cmd::chassis::{BootInitiator, BootParameter, SetInProgress, SystemBootOptions};
use ipmi_wire::sel::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use flags::Flags;
use mailbox::MailboxPart;
pub(crate) use mailbox::MailboxView;

use super::table::Fields;
use super::time::{self, Time};
use super::{View, hex, list, reason, set, yes_no};
use crate::error::Exit;

/// Get System Boot Options: all parameters.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Options {
    #[schemars(extend("enum" = ["complete", "in_progress", "commit_write", null]))]
    set_in_progress: Option<&'static str>,
    /// 0 is unspecified.
    service_partition: Option<u8>,
    service_partition_scan: Option<Scan>,
    /// What does not make the flags invalid again.
    flags_kept_after: Option<Vec<&'static str>>,
    /// Who has still to handle the boot information.
    not_yet_handled_by: Option<Vec<&'static str>>,
    flags: Option<Flags>,
    initiator: Option<Initiator>,
    mailbox: Option<MailboxPart>,
    /// Each parameter as it came.
    parameters: Vec<Parameter>,
}

/// Looking for the service partition.
#[derive(Debug, Serialize, JsonSchema)]
struct Scan {
    requested: bool,
    discovered: bool,
}

/// A parameter as it came.
#[derive(Debug, Serialize, JsonSchema)]
struct Parameter {
    number: u8,
    /// Null if the BMC does not tell.
    valid: Option<bool>,
    /// Hexadecimal digits; of the mailbox, all blocks.
    raw: Option<String>,
    /// Why the BMC does not tell.
    absent_reason: Option<String>,
}

/// Who wants the machine to start.
#[derive(Debug, Serialize, JsonSchema)]
struct Initiator {
    channel: u8,
    session_id: u32,
    #[serde(flatten)]
    time: Time,
}

impl From<&BootInitiator> for Initiator {
    fn from(initiator: &BootInitiator) -> Self {
        Self {
            channel: initiator.channel.number(),
            session_id: initiator.session_id,
            time: Timestamp::new(initiator.timestamp).into(),
        }
    }
}

fn kept_after(bits: u8) -> Vec<&'static str> {
    let bit = |nth: u8| bits & (1 << nth) != 0;
    set([
        (bit(0), "power_button"),
        (bit(1), "reset_button"),
        (bit(2), "watchdog"),
        (bit(3), "timeout"),
        (bit(4), "pef"),
    ])
}

impl Options {
    pub(crate) fn new(options: &BootOptions) -> Self {
        let mut view = Self {
            set_in_progress: None,
            service_partition: None,
            service_partition_scan: None,
            flags_kept_after: None,
            not_yet_handled_by: None,
            flags: None,
            initiator: None,
            mailbox: options.mailbox.as_ref().ok().map(MailboxPart::from),
            parameters: Vec::new(),
        };
        for (number, told) in (0u8..).zip(&options.parameters) {
            if let Ok(told) = told {
                view.take(&told.parameter);
            }
            view.parameters.push(parameter(number, told.as_ref().map(of_parameter)));
        }
        let mailbox = options.mailbox.as_ref();
        let mailbox = mailbox.map(|told| (!told.invalid, told.blocks.concat()));
        view.parameters.push(parameter(7, mailbox));
        view
    }

    fn take(&mut self, parameter: &BootParameter) {
        match parameter {
            BootParameter::SetInProgress(state) => self.set_in_progress = Some(progress(*state)),
            BootParameter::ServicePartition(number) => self.service_partition = Some(*number),
            BootParameter::ServicePartitionScan { scan, discovered } => {
                let (requested, discovered) = (*scan, *discovered);
                self.service_partition_scan = Some(Scan { requested, discovered });
            }
            BootParameter::ValidBitClearing(bits) => {
                self.flags_kept_after = Some(kept_after(*bits));
            }
            BootParameter::Acknowledge { data, .. } => {
                let bit = |nth: u8| data & (1 << nth) != 0;
                self.not_yet_handled_by = Some(set([
                    (bit(0), "firmware"),
                    (bit(1), "loader"),
                    (bit(2), "operating_system"),
                    (bit(3), "management_software"),
                    (bit(4), "others"),
                ]));
            }
            BootParameter::Flags(flags) => self.flags = Some(flags.into()),
            BootParameter::Initiator(initiator) => self.initiator = Some(initiator.into()),
            BootParameter::Mailbox { .. } | BootParameter::Other { .. } => {}
        }
    }

    /// Why the BMC does not tell of this parameter.
    fn absent(&self, number: usize) -> String {
        let parameter = self.parameters.get(number);
        let reason = parameter.and_then(|parameter| parameter.absent_reason.as_deref());
        format!("not told: {}", reason.unwrap_or("the BMC does not say why"))
    }
}

const fn progress(state: SetInProgress) -> &'static str {
    match state {
        SetInProgress::Complete => "complete",
        SetInProgress::InProgress => "in_progress",
        SetInProgress::CommitWrite => "commit_write",
    }
}

fn of_parameter(told: &SystemBootOptions) -> (bool, Vec<u8>) {
    // Version and selector come before the data.
    (!told.invalid, told.to_bytes().into_iter().skip(2).collect())
}

fn parameter(number: u8, told: Result<(bool, Vec<u8>), &Error>) -> Parameter {
    let (valid, raw, absent_reason) = match told {
        Ok((valid, raw)) => (Some(valid), Some(hex(&raw)), None),
        Err(error) => (None, None, Some(reason(error))),
    };
    Parameter { number, valid, raw, absent_reason }
}

impl View for Options {
    const SCHEMA: &'static str = "lantern.chassis_boot/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        match &self.flags {
            Some(flags) => flags.rows(&mut fields),
            None => fields.row("Boot flags", self.absent(5)),
        }
        let row = |fields: &mut Fields, name: &str, number: usize, told: Option<String>| {
            fields.row(name, told.unwrap_or_else(|| self.absent(number)));
        };
        let kept = self.flags_kept_after.as_deref().map(list);
        row(&mut fields, "Flags kept after", 3, kept);
        let handled = self.not_yet_handled_by.as_deref().map(list);
        row(&mut fields, "Not yet handled by", 4, handled);
        let state = self.set_in_progress.map(|state| list(&[state]));
        row(&mut fields, "Set in progress", 0, state);
        let partition = self.service_partition.map(|number| match number {
            0 => "unspecified".to_owned(),
            number => number.to_string(),
        });
        row(&mut fields, "Service partition", 1, partition);
        let scan = self.service_partition_scan.as_ref().map(|scan| {
            let found = if scan.discovered { "found the last time" } else { "not found" };
            format!("{}; {found}", yes_no(scan.requested))
        });
        row(&mut fields, "  Looked for", 2, scan);
        let initiator = self.initiator.as_ref().map(|initiator| {
            let Initiator { channel, session_id, time } = initiator;
            let at = match time.time_raw {
                0 => "at no time".to_owned(),
                raw => format!("at {}", time::text(Timestamp::new(raw))),
            };
            format!("channel {channel}, session 0x{session_id:08x}, {at}")
        });
        row(&mut fields, "Initiator", 6, initiator);
        row(&mut fields, "Mailbox", 7, self.mailbox.as_ref().map(MailboxPart::words));
        let locked: Vec<_> =
            self.parameters.iter().filter(|one| one.valid == Some(false)).collect();
        if !locked.is_empty() {
            let numbers: Vec<_> = locked.iter().map(|one| one.number.to_string()).collect();
            fields.row("Invalid or locked", format!("parameters {}", numbers.join(", ")));
        }
        fields.flush(width)
    }
}

/// Boot flags that were set, and what the BMC made of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    asked: Flags,
    /// Null if the BMC does not tell.
    before: Option<Flags>,
    /// Null if the BMC does not tell.
    now: Option<Flags>,
    /// Whether the BMC kept all that was asked for; null if it does not tell.
    kept: Option<bool>,
    /// What it did not keep.
    dropped: Vec<&'static str>,
    /// What does not make the flags invalid again; null if the BMC does not tell.
    flags_kept_after: Option<Vec<&'static str>>,
    /// Whether the BMC kept others from setting meanwhile.
    exclusive: bool,
    /// Whether those who handle boot information were told that it is new.
    announced: bool,
    /// Whether it took single settings with pauses.
    slowly: bool,
}

impl Changed {
    pub(crate) fn new(change: &BootChange) -> Self {
        let dropped = change.dropped();
        Self {
            asked: Flags::from(&change.asked),
            before: change.before.as_ref().map(Flags::from),
            now: change.now.as_ref().map(Flags::from),
            kept: change.now.map(|_| dropped.is_empty()),
            dropped,
            flags_kept_after: change.keep_valid.map(kept_after),
            exclusive: change.claimed,
            announced: change.announced,
            slowly: change.slowly,
        }
    }
}

impl View for Changed {
    const SCHEMA: &'static str = "lantern.chassis_boot_set/1";

    fn text(&self, _: Option<u16>) -> String {
        let mut text = match &self.asked {
            Flags { valid: false, .. } => "Boot flags: none are valid\n".to_owned(),
            asked @ Flags { persistent: true, .. } => {
                format!("All starts: {}\n", asked.on_one_line())
            }
            asked => format!("Next start: {}\n", asked.on_one_line()),
        };
        let kept = self.flags_kept_after.as_ref();
        let lapses = self.asked.valid
            && !self.asked.persistent
            && kept.is_some_and(|kept| !kept.contains(&"timeout"));
        if lapses && self.kept == Some(true) {
            text +=
                "It has to come within a minute: then this is forgotten (--keep-after timeout)\n";
        }
        if self.kept.is_none() {
            text += "Whether the BMC has kept it is not known: it does not tell\n";
        }
        if !self.dropped.is_empty() {
            text += &format!("The BMC did not keep: {}\n", list(&self.dropped));
            if let Some(now) = &self.now {
                let valid = if now.valid { "" } else { ", not valid" };
                text += &format!("It has now: {}{valid}\n", now.on_one_line());
            }
        }
        text
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}
