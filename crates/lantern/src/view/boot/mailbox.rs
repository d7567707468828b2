//! The mailbox of the boot initiator.

use ipmi_client::chassis::{Mailbox, MailboxChange};
use ipmi_wire::enterprise;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Exit;
use crate::view::{View, hex};

/// What the initiator has to say to the loader.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MailboxPart {
    /// Whose words they are: an enterprise number of IANA's.
    enterprise: Option<u32>,
    enterprise_name: Option<&'static str>,
    /// The words, if they are such; without the zeros at the end.
    text: Option<String>,
    /// The same as hexadecimal digits.
    data: String,
    blocks: usize,
}

impl From<&Mailbox> for MailboxPart {
    fn from(mailbox: &Mailbox) -> Self {
        let data = mailbox.data();
        let printable = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
        Self {
            enterprise: mailbox.enterprise(),
            enterprise_name: mailbox.enterprise().and_then(enterprise::name),
            text: std::str::from_utf8(&data).ok().filter(printable).map(str::to_owned),
            data: hex(&data),
            blocks: mailbox.blocks.len(),
        }
    }
}

impl MailboxPart {
    pub(super) fn words(&self) -> String {
        if self.data.is_empty() && self.enterprise.is_none_or(|number| number == 0) {
            return format!("empty, {} blocks of 16 bytes", self.blocks);
        }
        let who = match (self.enterprise, self.enterprise_name) {
            (Some(number), Some(name)) => format!("{name} ({number})"),
            (Some(number), None) => number.to_string(),
            (None, _) => "nobody".to_owned(),
        };
        match &self.text {
            Some(text) => format!("of {who}: '{text}'"),
            None if self.data.is_empty() => format!("of {who}: nothing"),
            None => format!("of {who}: {}", self.data),
        }
    }
}

/// The mailbox, or what was left in it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MailboxView {
    valid: bool,
    #[serde(flatten)]
    mailbox: MailboxPart,
    /// The blocks, as hexadecimal digits.
    raw: Vec<String>,
    /// Whether the BMC kept what was written; null if nothing was.
    kept: Option<bool>,
}

impl From<&Mailbox> for MailboxView {
    fn from(mailbox: &Mailbox) -> Self {
        let raw = mailbox.blocks.iter().map(|block| hex(block)).collect();
        Self { valid: !mailbox.invalid, mailbox: mailbox.into(), raw, kept: None }
    }
}

impl From<&MailboxChange> for MailboxView {
    fn from(change: &MailboxChange) -> Self {
        Self { kept: Some(change.is_kept()), ..Self::from(&change.now) }
    }
}

impl View for MailboxView {
    const SCHEMA: &'static str = "lantern.chassis_boot_mailbox/1";

    fn text(&self, _: Option<u16>) -> String {
        let mut text = format!("Mailbox: {}\n", self.mailbox.words());
        if !self.valid {
            text += "It is marked as invalid, or locked\n";
        }
        if self.kept == Some(false) {
            text += "The BMC did not keep what was written\n";
        }
        text
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}
