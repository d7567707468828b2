//! `firewall` as it is typed.

use clap::{ArgGroup, Args, Subcommand};
use ipmi_wire::{Body, Channel, CommandId, NetFn, registry};

use super::complete;
use super::words::{byte, channel};

#[derive(Debug, Subcommand)]
pub(crate) enum Firewall {
    /// Which commands there are on a channel, which can be disabled, and which are
    Info(FirewallInfo),
    /// Enable commands, or a part of one, and read it back
    Enable(FirewallTarget),
    /// Disable commands, or a part of one, and read it back
    Disable {
        #[command(flatten)]
        target: FirewallTarget,
        /// Even what nobody could take back, or get in without
        #[arg(long)]
        force: bool,
    },
    /// Enable everything on a channel
    Reset {
        #[command(flatten)]
        at: FirewallAt,
    },
}

/// On which channel.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FirewallAt {
    /// Channel; 15 is the system interface [default: the one of the session]
    #[arg(long, value_name = "N", value_parser = channel)]
    pub(crate) channel: Option<Channel>,
}

impl FirewallAt {
    /// Its number, or the one that stands for the session's.
    pub(crate) fn number(self) -> Channel {
        self.channel.unwrap_or(Channel::PRESENT)
    }
}

/// Which commands.
#[derive(Debug, Args)]
pub(crate) struct FirewallInfo {
    #[command(flatten)]
    pub(crate) at: FirewallAt,
    /// Logical unit [default: all]
    #[arg(long, value_parser = lun)]
    pub(crate) lun: Option<u8>,
    #[command(flatten)]
    pub(crate) which: FirewallWhich,
}

/// What is to be changed.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").multiple(true).required(true).args(["netfn", "command"]))]
pub(crate) struct FirewallTarget {
    #[command(flatten)]
    pub(crate) at: FirewallAt,
    /// Logical unit
    #[arg(long, value_parser = lun, default_value_t = 0)]
    pub(crate) lun: u8,
    #[command(flatten)]
    pub(crate) which: FirewallWhich,
    /// Only this part of the command, by its number: see 'firewall info --command'
    #[arg(long, value_name = "N", value_parser = sub_function, requires = "command")]
    pub(crate) sub_function: Option<u8>,
}

/// Network function and command.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FirewallWhich {
    /// chassis, bridge, sensor, app, firmware, storage, transport, dcmi, group, oem, or an even
    /// number
    #[arg(long, value_name = "NETFN", value_parser = netfn, add = complete::netfns())]
    pub(crate) netfn: Option<(NetFn, Option<Body>)>,
    /// Which group's or maker's commands: a group's code, or an enterprise number
    #[arg(long, value_name = "N", requires = "netfn", value_parser = body)]
    pub(crate) body: Option<u32>,
    /// A command by its name, such as 'Chassis Control' or chassis-control, or by its number in
    /// NETFN
    #[arg(long, value_name = "NAME|NUMBER", value_parser = command, add = complete::ipmi_commands())]
    pub(crate) command: Option<FirewallCommand>,
}

/// A command as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirewallCommand {
    /// Of the network function that is named.
    Number(u8),
    /// Of all that we know.
    Known(CommandId),
}

/// What network functions are called.
pub(super) const NETFNS: [(&str, NetFn, Option<Body>); 10] = [
    ("chassis", NetFn::Chassis, None),
    ("bridge", NetFn::Bridge, None),
    ("sensor", NetFn::SensorEvent, None),
    ("app", NetFn::App, None),
    ("firmware", NetFn::Firmware, None),
    ("storage", NetFn::Storage, None),
    ("transport", NetFn::Transport, None),
    ("dcmi", NetFn::GroupExtension, Some(Body::Group(0xdc))),
    ("group", NetFn::GroupExtension, None),
    ("oem", NetFn::OemGroup, None),
];

fn netfn(text: &str) -> Result<(NetFn, Option<Body>), String> {
    let word = text.to_ascii_lowercase();
    if let Some((_, netfn, body)) = NETFNS.into_iter().find(|(name, ..)| *name == word) {
        return Ok((netfn, body));
    }
    let number = byte(text).ok().filter(|number| *number < 0x40 && number % 2 == 0);
    number.map(|number| (NetFn::from_number(number), None)).ok_or_else(|| {
        let names: Vec<_> = NETFNS.into_iter().map(|(name, ..)| name).collect();
        format!("{}, or an even number to 0x3e", names.join(", "))
    })
}

fn lun(text: &str) -> Result<u8, String> {
    byte(text).ok().filter(|lun| *lun < 4).ok_or_else(|| "0 to 3".to_owned())
}

fn sub_function(text: &str) -> Result<u8, String> {
    byte(text).ok().filter(|number| *number < 64).ok_or_else(|| "0 to 63".to_owned())
}

fn body(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    number.filter(|number| *number < 1 << 24).ok_or_else(|| "0 to 0xffffff".to_owned())
}

/// A name as it is compared: people write blanks as dashes.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '_'], " ")
}

fn command(text: &str) -> Result<FirewallCommand, String> {
    if let Ok(number) = byte(text) {
        return Ok(FirewallCommand::Number(number));
    }
    let name = plain(text);
    let found = registry::all().find(|entry| plain(entry.name) == name);
    found.map(|entry| FirewallCommand::Known(entry.id)).ok_or_else(|| {
        let part = registry::all().find(|entry| plain(entry.name).contains(&name));
        match part {
            Some(entry) => format!("no command is called so; '{}' is", entry.name),
            None => "a command's name as in docs/commands.md, or its number".to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_their_names_however_they_are_written() {
        let control = FirewallCommand::Known(CommandId::new(NetFn::Chassis, 2));
        for name in ["Chassis Control", "chassis-control", "CHASSIS_CONTROL"] {
            assert_eq!(command(name), Ok(control));
        }
        assert_eq!(command("0x60"), Ok(FirewallCommand::Number(0x60)));
        assert!(command("control").unwrap_err().contains("'Chassis Control'"));
        assert!(command("nonsense").unwrap_err().contains("docs/commands.md"));
    }

    #[test]
    fn network_functions_have_names_and_even_numbers() {
        assert_eq!(netfn("App"), Ok((NetFn::App, None)));
        assert_eq!(netfn("0x30"), Ok((NetFn::Other(0x30), None)));
        assert_eq!(netfn("dcmi").unwrap().1, Some(Body::Group(0xdc)));
        assert!(["7", "0x40", "x"].iter().all(|text| netfn(text).is_err()));
        assert_eq!((body("0xdc"), body("343")), (Ok(0xdc), Ok(343)));
        assert!(body("0x1000000").is_err() && lun("4").is_err() && sub_function("64").is_err());
    }
}
