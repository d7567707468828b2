//! The firmware firewall: commands and parts of them that nobody can run on a channel. IPMI v2.0 §21.
//!
//! What there is, is read off the table that answers. Here is only what has been taken away.

use ipmi_wire::cmd::app::{
    CloseSession, GetCommandEnables, GetCommandSubFunctionEnables, GetCommandSubFunctionSupport,
    GetCommandSupport, GetConfigurableCommandSubFunctions, GetConfigurableCommands, GetDeviceId,
    GetNetFnSupport, GetOemNetFnIanaSupport, SetCommandEnables, SetCommandSubFunctionEnables,
    SetSessionPrivilegeLevel, SubFunctions,
};
use ipmi_wire::{Access, Channel, Command, CommandId, CompletionCode};

use crate::dispatch::{Discovered, Outcome};
use crate::nvram::{Closed, Journal, KeptFirewall, setting};

/// What is disabled on which channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Firewall(KeptFirewall);

/// What cannot be disabled, for nobody could take that back: the way in, and the firewall itself.
/// What comes before a session is not in here: it never can.
const FIXED: [CommandId; 13] = [
    GetDeviceId::ID,
    SetSessionPrivilegeLevel::ID,
    CloseSession::ID,
    GetNetFnSupport::ID,
    GetCommandSupport::ID,
    GetCommandSubFunctionSupport::ID,
    GetConfigurableCommands::ID,
    GetConfigurableCommandSubFunctions::ID,
    SetCommandEnables::ID,
    GetCommandEnables::ID,
    SetCommandSubFunctionEnables::ID,
    GetCommandSubFunctionEnables::ID,
    GetOemNetFnIanaSupport::ID,
];

/// Whether a command can be disabled.
pub(crate) fn is_configurable(command: Discovered) -> bool {
    command.access != Access::PreSession && !FIXED.contains(&command.id)
}

impl Firewall {
    /// As it was.
    pub(crate) fn new(kept: &KeptFirewall) -> Self {
        Self(kept.clone())
    }

    /// Whether nothing is disabled anywhere.
    pub(crate) fn is_open(&self) -> bool {
        self.0.0.is_empty()
    }

    /// What is disabled of a command.
    pub(crate) fn closed(&self, channel: Channel, id: CommandId) -> Closed {
        self.0.0.get(&(channel, id)).copied().unwrap_or_default()
    }

    /// Whether a command may be run, for the sub-function that it is asked for.
    ///
    /// # Errors
    /// D4h if the command is disabled, D6h if the sub-function is (§5.2, Table 5-2).
    pub(crate) fn check(&self, channel: Channel, id: CommandId, part: Option<u8>) -> Outcome<()> {
        // What an earlier version let be disabled could not be enabled again by anybody.
        if FIXED.contains(&id) {
            return Ok(());
        }
        let closed = self.closed(channel, id);
        if closed.command {
            return Err(CompletionCode::INSUFFICIENT_PRIVILEGE);
        }
        if part.is_some_and(|part| closed.parts.has(part)) {
            return Err(CompletionCode::SUBFUNCTION_DISABLED);
        }
        Ok(())
    }

    /// Enables or disables commands on a channel: those that can be, which is the caller's to know.
    pub(crate) fn set_commands(
        &mut self,
        channel: Channel,
        commands: impl IntoIterator<Item = (CommandId, bool)>,
        journal: &mut Journal,
    ) {
        let commands = commands.into_iter().map(|(id, enabled)| {
            let closed = Closed { command: !enabled, ..self.closed(channel, id) };
            (id, closed)
        });
        let commands: Vec<_> = commands.collect();
        self.set(channel, commands, journal);
    }

    /// Disables these sub-functions of a command on a channel, and no others.
    pub(crate) fn set_parts(
        &mut self,
        channel: Channel,
        id: CommandId,
        disabled: SubFunctions,
        journal: &mut Journal,
    ) {
        let closed = Closed { parts: disabled, ..self.closed(channel, id) };
        self.set(channel, vec![(id, closed)], journal);
    }

    fn set(&mut self, channel: Channel, commands: Vec<(CommandId, Closed)>, journal: &mut Journal) {
        let mut is_new = false;
        for (id, closed) in commands {
            let before = match closed.is_nothing() {
                true => self.0.0.remove(&(channel, id)),
                false => self.0.0.insert((channel, id), closed),
            };
            is_new |= before.unwrap_or_default() != closed;
        }
        if !is_new && !journal.is_in_doubt() {
            return;
        }
        let (key, bytes) = (setting::firewall(channel), self.0.bytes(channel));
        if bytes.is_empty() {
            journal.remove(key);
        } else {
            journal.put_bytes(key, bytes);
        }
    }
}
