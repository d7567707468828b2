//! What is to be enabled and disabled: first what that comes to, then done and read back.

use ipmi_wire::cmd::app::{
    ActivateSession, CommandAt, CommandMask, CommandRange, CommandSpace, CommandsAt,
    GetCommandEnables, GetCommandSubFunctionEnables, GetCommandSupport, GetConfigurableCommands,
    SetCommandEnables, SetCommandSubFunctionEnables, SetSessionPrivilegeLevel, SubFunctions,
    has_sub_functions,
};
use ipmi_wire::{Access, Channel, Command, CommandId, registry};

use super::{Scope, at};
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::written::Written;

/// What is to be enabled or disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where.
    pub space: CommandSpace,
    /// Which command; `None` is all that can be.
    pub cmd: Option<u8>,
    /// Which sub-function of it; `None` is all of it.
    pub part: Option<u8>,
}

/// One command to the BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Commands.
    Commands {
        /// Which they may be.
        at: CommandsAt,
        /// Those that are enabled.
        before: CommandMask,
        /// Those that are to be.
        after: CommandMask,
    },
    /// Sub-functions.
    Parts {
        /// Of which command.
        at: CommandAt,
        /// Those that are enabled.
        before: SubFunctions,
        /// Those that are to be.
        after: SubFunctions,
    },
}

/// What is to be done, and nothing of it is yet.
#[derive(Debug)]
pub struct Plan {
    /// In this order.
    pub steps: Vec<Step>,
    /// Commands that would be disabled on the channel that they were asked on, and without which
    /// nobody gets in there, or can take anything back.
    pub locks_out: Vec<CommandId>,
}

/// A step that was taken.
#[derive(Debug)]
pub enum Applied {
    /// Commands.
    Commands {
        /// Which they may be.
        at: CommandsAt,
        /// What became of the mask.
        written: Written<CommandMask>,
    },
    /// Sub-functions.
    Parts {
        /// Of which command.
        at: CommandAt,
        /// What became of the mask.
        written: Written<SubFunctions>,
    },
}

/// Whether nobody gets in without a command, or can take back what was disabled.
fn is_vital(id: CommandId) -> bool {
    const VITAL: [CommandId; 5] = [
        ActivateSession::ID,
        SetSessionPrivilegeLevel::ID,
        SetCommandEnables::ID,
        GetCommandEnables::ID,
        GetConfigurableCommands::ID,
    ];
    let before = |id| registry::find(id).is_some_and(|entry| entry.access == Access::PreSession);
    VITAL.contains(&id) || before(id)
}

impl Bmc {
    /// What enabling or disabling this on a channel comes to. A command that is enabled is so with
    /// all of its sub-functions.
    ///
    /// # Errors
    /// As [`Bmc::send`]; [`ErrorKind::NotPossible`] for what cannot be enabled or disabled.
    pub async fn plan_firewall(
        &self,
        channel: Channel,
        target: Target,
        enable: bool,
    ) -> Result<Plan, Error> {
        let mut steps = Vec::new();
        let Target { space, cmd, part } = target;
        match (cmd, part) {
            (Some(cmd), Some(part)) => {
                let at = CommandAt { channel, space, cmd };
                let (configurable, before) = self.part_masks(at).await?;
                if !configurable.has(part) {
                    let what = format!("sub-function {part} of {}", name(space.command(cmd)));
                    return Err(self.not_configurable(&what, channel));
                }
                steps.push(Step::Parts { at, before, after: before.with(part, enable) });
            }
            (Some(cmd), None) => {
                let at = CommandsAt { channel, space, range: CommandRange::of(cmd) };
                if !self.send(&GetConfigurableCommands(at)).await?.has(cmd) {
                    let what = name(space.command(cmd));
                    return Err(match self.send(&GetCommandSupport(at)).await?.0.has(cmd) {
                        true => self.not_configurable(&what, channel),
                        false => {
                            let what = format!("there is no {what} on {}", super::at(channel));
                            self.error(SetCommandEnables::NAME, ErrorKind::NotPossible(what))
                        }
                    });
                }
                let before = self.send(&GetCommandEnables(at)).await?;
                if enable && has_sub_functions(space.command(cmd)) {
                    steps.extend(self.all_parts(CommandAt { channel, space, cmd }).await?);
                }
                steps.push(Step::Commands { at, before, after: before.with(cmd, enable) });
            }
            (None, _) => {
                let mut is_any = false;
                for range in CommandRange::ALL {
                    let at = CommandsAt { channel, space, range };
                    if self.send(&GetCommandSupport(at)).await?.0.is_empty() {
                        continue;
                    }
                    let configurable = self.send(&GetConfigurableCommands(at)).await?;
                    is_any |= !configurable.is_empty();
                    let before = self.send(&GetCommandEnables(at)).await?;
                    let after = match enable {
                        true => before.or(configurable),
                        false => before.without(configurable),
                    };
                    if before != after {
                        steps.push(Step::Commands { at, before, after });
                    }
                }
                if !is_any {
                    let what = format!("no command of {} at LUN {}", space.netfn, space.lun);
                    let what = format!("{what} can be enabled or disabled on {}", at(channel));
                    let kind = ErrorKind::NotPossible(what);
                    return Err(self.error(SetCommandEnables::NAME, kind));
                }
            }
        }
        self.plan(channel, steps).await
    }

    /// What enabling everything on a channel comes to.
    ///
    /// # Errors
    /// As [`Bmc::commands`]; what the BMC does not tell of any network function is one, too.
    pub async fn plan_firewall_reset(&self, channel: Channel) -> Result<Plan, Error> {
        let mut found = self.commands(Scope::all(channel)).await?;
        if let Some((_, error)) = found.refused.pop() {
            return Err(error);
        }
        let mut steps: Vec<Step> = Vec::new();
        for command in &found.commands {
            let (space, cmd) = (command.space, command.cmd);
            if has_sub_functions(command.id()) {
                steps.extend(self.all_parts(CommandAt { channel, space, cmd }).await?);
            }
        }
        let mut commands = found.commands.as_slice();
        while let Some(first) = commands.first() {
            let at = CommandsAt { channel, space: first.space, range: CommandRange::of(first.cmd) };
            let is_here = |command: &super::CommandState| {
                command.space == at.space && CommandRange::of(command.cmd) == at.range
            };
            let count = commands.iter().take_while(|command| is_here(command)).count();
            let (here, rest) = commands.split_at(count);
            commands = rest;
            let of = |is_in: fn(&super::CommandState) -> bool| {
                CommandMask::of(here.iter().filter(|c| is_in(c)).map(|command| command.cmd))
            };
            let before = of(|command| command.enabled == Some(true));
            let after = before.or(of(|command| command.configurable == Some(true)));
            if before != after {
                steps.push(Step::Commands { at, before, after });
            }
        }
        self.plan(channel, steps).await
    }

    /// Takes the steps, and reads back what became of each; what is so already is left alone.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn apply_firewall(&self, plan: &Plan) -> Result<Vec<Applied>, Error> {
        let mut applied = Vec::new();
        for step in &plan.steps {
            applied.push(match *step {
                Step::Commands { at, before, after } => {
                    let command = SetCommandEnables { at, enabled: after };
                    let write = async || self.send(&command).await;
                    let read = async || self.send(&GetCommandEnables(at)).await;
                    let written = match before == after {
                        true => unchanged(before),
                        false => self.write_and_read(after, Some(before), write, read).await?,
                    };
                    Applied::Commands { at, written }
                }
                Step::Parts { at, before, after } => {
                    let command = SetCommandSubFunctionEnables { at, enabled: after };
                    let write = async || self.send(&command).await;
                    let read = async || self.send(&GetCommandSubFunctionEnables(at)).await;
                    let written = match before == after {
                        true => unchanged(before),
                        false => self.write_and_read(after, Some(before), write, read).await?,
                    };
                    Applied::Parts { at, written }
                }
            });
        }
        Ok(applied)
    }

    /// Enables all of a command's sub-functions, if some are not.
    async fn all_parts(&self, at: CommandAt) -> Result<Option<Step>, Error> {
        let (configurable, before) = self.part_masks(at).await?;
        let after = SubFunctions(before.0 | configurable.0);
        Ok((before != after).then_some(Step::Parts { at, before, after }))
    }

    async fn plan(&self, channel: Channel, steps: Vec<Step>) -> Result<Plan, Error> {
        let mut locks_out: Vec<_> = steps.iter().flat_map(disabled).collect();
        locks_out.retain(|id| is_vital(*id));
        if !locks_out.is_empty() && !self.is_own_channel(channel).await? {
            locks_out.clear();
        }
        Ok(Plan { steps, locks_out })
    }

    /// Whether the session is on this channel. A BMC that does not tell may mean this one.
    async fn is_own_channel(&self, channel: Channel) -> Result<bool, Error> {
        if channel == Channel::PRESENT {
            return Ok(true);
        }
        match self.channel_info(Channel::PRESENT).await {
            Ok(info) => Ok(info.channel == channel),
            Err(error) if error.is_answer() => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn not_configurable(&self, what: &str, channel: Channel) -> Error {
        let what = format!("the BMC lets nobody enable or disable {what} on {}", at(channel));
        self.error(SetCommandEnables::NAME, ErrorKind::NotPossible(what))
    }
}

/// The commands that a step disables.
fn disabled(step: &Step) -> Vec<CommandId> {
    match step {
        Step::Commands { at, before, after } => {
            let gone = before.without(*after).numbers(at.range);
            gone.map(|cmd| at.space.command(cmd)).collect()
        }
        Step::Parts { .. } => Vec::new(),
    }
}

const fn unchanged<T: Copy>(value: T) -> Written<T> {
    Written { before: Some(value), asked: value, now: Ok(value) }
}

/// A command, in words.
fn name(id: CommandId) -> String {
    registry::find(id).map_or_else(|| format!("command {id}"), |entry| entry.name.to_owned())
}
