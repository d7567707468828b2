//! What each command does to a BMC: a few typed calls, and a view of what came back.

pub(crate) mod bmc;
mod chassis;
mod mc;
mod power;
mod raw;
mod sdr;
pub(crate) mod sel;
mod sensor;
mod session;

use ipmi_client::{Bmc, SessionInfo};
use ipmi_wire::cmd::chassis::{ChassisControl, ChassisIdentify};
use ipmi_wire::cmd::{app, chassis as chassis_cmd};
use ipmi_wire::{Access, Command as Ipmi, Privilege};

use crate::cli::{Chassis, Command, Mc, Power, Reset};
use crate::error::Error;
use crate::view::Show;

/// What a command comes to.
pub(crate) type Outcome = Result<Box<dyn Show>, Error>;

/// The least privilege that `command` can do with.
pub(crate) fn needs(command: &Command) -> Privilege {
    match command {
        Command::Power(power) | Command::Chassis(Chassis::Power(power)) => match power {
            Power::Status => of::<chassis_cmd::GetChassisStatus>(),
            _ => of::<ChassisControl>(),
        },
        Command::Chassis(Chassis::Identify { .. }) => of::<ChassisIdentify>(),
        Command::Mc(Mc::Reset { how: Reset::Cold }) => of::<app::ColdReset>(),
        Command::Mc(Mc::Reset { how: Reset::Warm }) => of::<app::WarmReset>(),
        // Nobody knows what the bytes ask for.
        Command::Raw(_) => Privilege::Administrator,
        // Everything else reads.
        _ => Privilege::User,
    }
}

/// What the command's definition asks for, and USER at least: that is what sessions start at.
fn of<C: Ipmi>() -> Privilege {
    match C::ACCESS {
        Access::Session(privilege) => privilege.max(Privilege::User),
        Access::PreSession => Privilege::User,
        Access::SystemInterfaceOnly => Privilege::Administrator,
    }
}

/// Judges what can be judged before anything is sent, or a password asked for.
pub(crate) fn check(command: &Command) -> Result<(), Error> {
    match command {
        Command::Raw(command) => raw::request(command).map(drop),
        _ => Ok(()),
    }
}

/// Runs `command` in the session that `info` is about.
pub(crate) async fn run(command: &Command, bmc: &Bmc, info: &SessionInfo) -> Outcome {
    match command {
        Command::Power(command) => power::run(*command, bmc).await,
        Command::Chassis(command) => chassis::run(command, bmc).await,
        Command::Mc(command) => mc::run(command, bmc).await,
        Command::Sensor(command) => sensor::run(command, bmc).await,
        Command::Sdr(command) => sdr::run(command, bmc).await,
        Command::Sel(command) => sel::run(command, bmc).await,
        Command::Session(command) => session::run(command, bmc, info).await,
        Command::Raw(command) => raw::run(command, bmc).await,
        Command::Bmc(_) | Command::Demo(_) => {
            Err(Error::usage("this command does not talk to a BMC"))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_command_asks_for_no_more_than_it_needs() {
        for (line, privilege) in [
            ("power status", Privilege::User),
            ("power off", Privilege::Operator),
            ("chassis power cycle", Privilege::Operator),
            ("chassis power status", Privilege::User),
            ("chassis identify force", Privilege::Operator),
            ("chassis status", Privilege::User),
            ("mc info", Privilege::User),
            ("mc reset cold", Privilege::Administrator),
            ("mc reset warm", Privilege::Administrator),
            ("sensor list", Privilege::User),
            ("sel list", Privilege::User),
            ("session info", Privilege::User),
            ("raw 6 1", Privilege::Administrator),
        ] {
            let words = std::iter::once("lantern").chain(line.split(' '));
            let cli = Cli::try_parse_from(words).unwrap();
            assert_eq!(needs(&cli.command), privilege, "{line}");
        }
    }
}
