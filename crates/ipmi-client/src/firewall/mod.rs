//! Command discovery and the firmware firewall: which commands a BMC has on a channel, and which of
//! them it runs there.
//!
//! Nothing is asked about what the BMC says it lacks: not about a logical unit without commands, nor
//! about half of a network function's numbers where there is none.

mod change;
#[cfg(test)]
mod tests;

pub use change::{Applied, Plan, Step, Target};

use ipmi_wire::cmd::app::{
    CommandAt, CommandMask, CommandRange, CommandSpace, CommandsAt, GetCommandEnables,
    GetCommandSubFunctionEnables, GetCommandSubFunctionSupport, GetCommandSupport,
    GetConfigurableCommandSubFunctions, GetConfigurableCommands, GetNetFnSupport,
    GetOemNetFnIanaSupport, LunSupport, NetFnSupport, SubFunctions,
};
use ipmi_wire::{Body, Channel, Command, CommandId, CompletionCode, NetFn};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::written::told;

/// What is to be discovered; what is `None` is everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// On which channel.
    pub channel: Channel,
    /// At which logical unit.
    pub lun: Option<u8>,
    /// Of which network function.
    pub netfn: Option<NetFn>,
    /// Of which group or OEM.
    pub body: Option<Body>,
    /// Which command.
    pub command: Option<u8>,
}

impl Scope {
    /// Everything on a channel.
    #[must_use]
    pub const fn all(channel: Channel) -> Self {
        Self { channel, lun: None, netfn: None, body: None, command: None }
    }
}

/// The commands of a BMC.
#[derive(Debug)]
pub struct Commands {
    /// The channel, as it was asked for.
    pub channel: Channel,
    /// What each logical unit has.
    pub luns: [LunSupport; 4],
    /// The commands that there are, in order.
    pub commands: Vec<CommandState>,
    /// The sub-functions of the one command that was asked for.
    pub parts: Option<Vec<PartState>>,
    /// What the BMC did not tell, and of what.
    pub refused: Vec<(CommandSpace, Error)>,
}

/// A command that a BMC has. What it does not tell is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandState {
    /// Where it is.
    pub space: CommandSpace,
    /// Its number.
    pub cmd: u8,
    /// Whether it can be enabled and disabled.
    pub configurable: Option<bool>,
    /// Whether it is run.
    pub enabled: Option<bool>,
}

impl CommandState {
    /// The command.
    #[must_use]
    pub const fn id(&self) -> CommandId {
        self.space.command(self.cmd)
    }
}

/// A sub-function that a command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartState {
    /// Its number.
    pub number: u8,
    /// Whether it can be enabled and disabled.
    pub configurable: bool,
    /// Whether it is done.
    pub enabled: bool,
}

/// There are so many indices.
const BODIES: u8 = 64;

impl Bmc {
    /// The commands that the BMC has on a channel. For a single command, its sub-functions, too.
    ///
    /// # Errors
    /// As [`Bmc::send`]; see [`Error::is_without_discovery`]. [`ErrorKind::NotPossible`] if it has
    /// nothing of what is asked for.
    pub async fn commands(&self, scope: Scope) -> Result<Commands, Error> {
        let support = self.send(&GetNetFnSupport { channel: scope.channel }).await?;
        let mut found = Commands {
            channel: scope.channel,
            luns: support.luns,
            commands: Vec::new(),
            parts: None,
            refused: Vec::new(),
        };
        let mut is_refused = false;
        for space in self.spaces(scope, &support, &mut found.refused).await? {
            for range in CommandRange::ALL {
                if scope.command.is_some_and(|cmd| CommandRange::of(cmd) != range) {
                    continue;
                }
                let at = CommandsAt { channel: scope.channel, space, range };
                let supported = match told(self.send(&GetCommandSupport(at)).await)? {
                    Ok(supported) => supported.0,
                    Err(error) => {
                        found.refused.push((space, error));
                        is_refused = true;
                        break;
                    }
                };
                let wanted = scope.command.map_or(CommandMask::ALL, |cmd| CommandMask::of([cmd]));
                let supported = supported.and(wanted);
                if supported.is_empty() {
                    continue;
                }
                let mut masks = [None; 2];
                let asked = [
                    told(self.send(&GetConfigurableCommands(at)).await)?,
                    told(self.send(&GetCommandEnables(at)).await)?,
                ];
                for (mask, answer) in masks.iter_mut().zip(asked) {
                    match answer {
                        Ok(answer) => *mask = Some(answer),
                        Err(error) => found.refused.push((space, error)),
                    }
                }
                let [configurable, enabled] = masks;
                found.commands.extend(supported.numbers(range).map(|cmd| CommandState {
                    space,
                    cmd,
                    configurable: configurable.map(|mask| mask.has(cmd)),
                    enabled: enabled.map(|mask| mask.has(cmd)),
                }));
            }
        }
        if let ([], false) = (found.commands.as_slice(), is_refused) {
            return Err(self.has_none_of(scope));
        }
        if let (Some(_), [command]) = (scope.command, found.commands.as_slice()) {
            let at = CommandAt { channel: scope.channel, space: command.space, cmd: command.cmd };
            match told(self.parts(at).await)? {
                Ok(parts) => found.parts = Some(parts),
                Err(error) => found.refused.push((at.space, error)),
            }
        }
        Ok(found)
    }

    /// The sub-functions that a command has.
    async fn parts(&self, at: CommandAt) -> Result<Vec<PartState>, Error> {
        let supported = self.send(&GetCommandSubFunctionSupport(at)).await?.supported;
        if supported.is_empty() {
            return Ok(Vec::new());
        }
        let (configurable, enabled) = self.part_masks(at).await?;
        let parts = supported.numbers().map(|number| PartState {
            number,
            configurable: configurable.has(number),
            enabled: enabled.has(number),
        });
        Ok(parts.collect())
    }

    /// The sub-functions that can be disabled, and those that are not; of a command without such,
    /// the second question is not asked.
    async fn part_masks(&self, at: CommandAt) -> Result<(SubFunctions, SubFunctions), Error> {
        let configurable = self.send(&GetConfigurableCommandSubFunctions(at)).await?;
        let enabled = match configurable.is_empty() {
            true => SubFunctions::NONE,
            false => self.send(&GetCommandSubFunctionEnables(at)).await?,
        };
        Ok((configurable, enabled))
    }

    /// Where the BMC has commands, within the scope.
    async fn spaces(
        &self,
        scope: Scope,
        support: &NetFnSupport,
        refused: &mut Vec<(CommandSpace, Error)>,
    ) -> Result<Vec<CommandSpace>, Error> {
        let mut spaces = Vec::new();
        let luns = (0..4_u8).zip(support.luns).filter(|(lun, has)| {
            *has != LunSupport::None && scope.lun.is_none_or(|wanted| wanted == *lun)
        });
        for (lun, _) in luns {
            for netfn in support.netfns(lun) {
                if scope.netfn.is_some_and(|wanted| wanted != netfn) {
                    continue;
                }
                let at = |body| CommandSpace { netfn, body, lun };
                match (netfn, scope.body) {
                    (NetFn::GroupExtension | NetFn::OemGroup, Some(body)) => spaces.push(at(body)),
                    (NetFn::GroupExtension | NetFn::OemGroup, None) => {
                        match told(self.bodies(scope.channel, netfn).await)? {
                            Ok(bodies) => spaces.extend(bodies.into_iter().map(at)),
                            Err(error) => refused.push((at(Body::None), error)),
                        }
                    }
                    _ => spaces.push(at(Body::None)),
                }
            }
        }
        Ok(spaces)
    }

    /// Who has defined the commands of a network function.
    async fn bodies(&self, channel: Channel, netfn: NetFn) -> Result<Vec<Body>, Error> {
        let mut bodies = Vec::new();
        for index in 0..BODIES {
            let command = GetOemNetFnIanaSupport { channel, netfn, index };
            let told = match self.send(&command).await {
                // Some do not say which is the last.
                Err(error) if index > 0 && error.is_answer() => break,
                outcome => outcome?,
            };
            // Others say the same for ever.
            if bodies.contains(&told.body) {
                break;
            }
            bodies.push(told.body);
            if told.is_last {
                break;
            }
        }
        Ok(bodies)
    }

    fn has_none_of(&self, scope: Scope) -> Error {
        let what = match (scope.netfn, scope.command) {
            (Some(netfn), Some(cmd)) => format!("no command {cmd:02X}h of {netfn}"),
            (Some(netfn), None) => format!("no commands of {netfn}"),
            (None, _) => "no commands".to_owned(),
        };
        let lun = scope.lun.map(|lun| format!(" at LUN {lun}")).unwrap_or_default();
        let what = format!("the BMC says that there are {what}{lun} on {}", at(scope.channel));
        self.error(GetCommandSupport::NAME, ErrorKind::NotPossible(what))
    }
}

/// A channel, in words.
fn at(channel: Channel) -> String {
    match channel {
        Channel::PRESENT => "this channel".to_owned(),
        channel => format!("channel {channel}"),
    }
}

impl Error {
    /// Whether this is how a BMC says that its commands cannot be discovered: it does not know the
    /// question, or says that it is not for everybody, although anybody may ask (OpenIPMI's
    /// `ipmi_sim`, of all that it does not know).
    #[must_use]
    pub fn is_without_discovery(&self) -> bool {
        const FOR_ALL: [&str; 4] = [
            GetNetFnSupport::NAME,
            GetCommandSupport::NAME,
            GetConfigurableCommands::NAME,
            GetConfigurableCommandSubFunctions::NAME,
        ];
        let is_refused = matches!(
            self.completion(),
            Some(CompletionCode::INVALID_COMMAND | CompletionCode::INSUFFICIENT_PRIVILEGE)
        );
        is_refused && FOR_ALL.contains(&self.doing)
    }
}
