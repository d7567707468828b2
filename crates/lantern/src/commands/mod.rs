//! What each command does to a BMC: a few typed calls, and a view of what came back.

mod ask;
pub(crate) mod bmc;
mod channel;
mod chassis;
pub(crate) mod config;
mod ctl;
mod dcmi;
pub(crate) mod docs;
mod explain;
mod file;
mod fru;
mod mc;
mod nvram;
mod power;
mod raw;
mod sdr;
pub(crate) mod sel;
mod sensor;
mod session;
pub(crate) mod sim;
mod user;

use std::sync::Arc;

use ipmi_client::sdr::SdrSet;
use ipmi_client::{Bmc, SessionInfo};
use ipmi_wire::cmd::chassis::{ChassisControl, ChassisIdentify};
use ipmi_wire::cmd::{
    app, chassis as chassis_cmd, dcmi as dcmi_cmd, sensor as sensor_cmd, storage,
};
use ipmi_wire::{Access, Command as Ipmi, Privilege};

use crate::cli::{
    Channel, Chassis, Command, Dcmi, DcmiConfig, DcmiLimit, DcmiThermal, Format, Fru, Mc, Power,
    Reset, Sdr, Sel, SelTime, Sensor, Session, User,
};
use crate::error::Error;
use crate::output::Voice;
use crate::view::Show;

/// What a command comes to.
pub(crate) type Outcome = Result<Box<dyn Show>, Error>;

/// What a command works with.
pub(crate) struct Context<'a> {
    pub(crate) bmc: &'a Bmc,
    pub(crate) info: &'a SessionInfo,
    pub(crate) voice: Voice,
    pub(crate) format: Format,
}

impl Context<'_> {
    /// The BMC's records. If they are not all, the user hears of it.
    async fn sdrs(&self) -> Result<Arc<SdrSet>, Error> {
        let set = self.bmc.sdrs().await?;
        if !set.ending().is_complete() {
            self.voice.warning(&format!("not all sensor records could be read: {}", set.ending()));
        }
        Ok(set)
    }
}

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
        Command::Sensor(command) => match command {
            Sensor::List { .. } | Sensor::Get { .. } => Privilege::User,
            Sensor::Set { .. } => of::<sensor_cmd::SetSensorThresholds>(),
            Sensor::Hysteresis { .. } => of::<sensor_cmd::SetSensorHysteresis>(),
            Sensor::Enable(_) | Sensor::Disable(_) => of::<sensor_cmd::SetSensorEventEnable>(),
            Sensor::Rearm { .. } => of::<sensor_cmd::RearmSensorEvents>(),
        },
        Command::Sdr(Sdr::Replay { .. }) => {
            of::<storage::AddSdr>().max(of::<storage::ClearSdrRepository>())
        }
        Command::Sel(command) => match command {
            Sel::Add(_) | Sel::Replay { .. } => of::<storage::AddSelEntry>(),
            Sel::Delete { .. } => of::<storage::DeleteSelEntry>(),
            Sel::Clear { .. } => of::<storage::ClearSel>(),
            Sel::Time(SelTime::Set { .. }) => of::<storage::SetSelTime>(),
            Sel::Time(SelTime::UtcOffset { offset: Some(_) }) => {
                of::<storage::SetSelTimeUtcOffset>()
            }
            Sel::List { .. }
            | Sel::Get { .. }
            | Sel::Info
            | Sel::Save { .. }
            | Sel::Time(_)
            | Sel::Follow { .. } => Privilege::User,
        },
        Command::Fru(Fru::Write { .. } | Fru::Edit { .. }) => of::<storage::WriteFruData>(),
        Command::User(command) => match command {
            User::List { .. } | User::Get { .. } | User::Summary { .. } => {
                of::<app::GetUserAccess>()
            }
            User::Payload { sol: None, oem, .. } if oem.is_empty() => {
                of::<app::GetUserPayloadAccess>()
            }
            User::Payload { .. } => of::<app::SetUserPayloadAccess>(),
            User::Add(_) | User::Set(_) | User::Remove { .. } | User::Test { .. } => {
                of::<app::SetUserPassword>()
            }
        },
        Command::Channel(Channel::Set(_)) => of::<app::SetChannelAccess>(),
        Command::Channel(Channel::Keys(_)) => of::<app::SetChannelSecurityKeys>(),
        Command::Session(Session::List { names: true }) => of::<app::GetUserName>(),
        // Somebody else's (IPMI v2.0 §22.19).
        Command::Session(Session::Close { .. }) => Privilege::Administrator,
        Command::Dcmi(command) => match command {
            Dcmi::Limit(DcmiLimit::Set { .. }) => of::<dcmi_cmd::SetPowerLimit>(),
            Dcmi::Limit(DcmiLimit::On | DcmiLimit::Off) => of::<dcmi_cmd::ActivatePowerLimit>(),
            Dcmi::AssetTag { set: Some(_) } => of::<dcmi_cmd::SetAssetTag>(),
            Dcmi::McId { set: Some(_) } => {
                of::<dcmi_cmd::SetManagementControllerIdentifierString>()
            }
            Dcmi::Sensors => of::<dcmi_cmd::GetDcmiSensorInfo>(),
            Dcmi::Thermal(DcmiThermal::Set { .. }) => of::<dcmi_cmd::SetThermalLimit>(),
            Dcmi::Config(DcmiConfig::Set { .. }) => {
                of::<dcmi_cmd::SetDcmiConfigurationParameters>()
            }
            _ => Privilege::User,
        },
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
        Command::Sdr(command) => sdr::check(command),
        Command::Sel(command) => sel::check(command),
        Command::Fru(command) => fru::check(command),
        Command::User(command) => user::check(command),
        Command::Channel(command) => channel::check(command),
        _ => Ok(()),
    }
}

/// Runs what needs no BMC; `None` for what does.
pub(crate) fn offline(command: &Command) -> Option<Outcome> {
    match command {
        Command::Sdr(command) => sdr::offline(command),
        Command::Fru(command) => fru::offline(command),
        Command::Explain { code } => Some(explain::run(code.as_deref())),
        _ => None,
    }
}

/// Whether `lantern.toml` has anything to say to `command`.
pub(crate) const fn wants_config(command: &Command) -> bool {
    !matches!(
        command,
        Command::Bmc(_)
            | Command::Sim(_)
            | Command::Demo(_)
            | Command::Config(_)
            | Command::Explain { .. }
            | Command::Completions(_)
            | Command::Docs(_)
    )
}

/// Whether `command` goes on until somebody stops it, which is a good end then.
pub(crate) const fn is_endless(command: &Command) -> bool {
    matches!(command, Command::Sel(Sel::Follow { .. } | Sel::List { follow: true, .. }))
}

/// Runs `command` in the session that the context is about.
pub(crate) async fn run(command: &Command, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    match command {
        Command::Power(command) => power::run(*command, bmc).await,
        Command::Chassis(command) => chassis::run(command, bmc).await,
        Command::Mc(command) => mc::run(command, bmc).await,
        Command::Sensor(command) => sensor::run(command, context).await,
        Command::Sdr(command) => sdr::run(command, context).await,
        Command::Sel(command) => sel::run(command, context).await,
        Command::User(command) => user::run(command, context).await,
        Command::Channel(command) => channel::run(command, context).await,
        Command::Session(command) => session::run(command, context).await,
        Command::Dcmi(command) => dcmi::run(command, context).await,
        Command::Raw(command) => raw::run(command, bmc).await,
        Command::Fru(command) => fru::run(command, context).await,
        Command::Bmc(_)
        | Command::Sim(_)
        | Command::Demo(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Explain { .. }
        | Command::Docs(_) => Err(Error::usage("this command does not talk to a BMC")),
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
            ("sensor set FAN1 --lc 500", Privilege::Operator),
            ("sensor hysteresis FAN1 --positive 100", Privilege::Operator),
            ("sensor enable FAN1 events", Privilege::Operator),
            ("sensor disable FAN1 scanning", Privilege::Operator),
            ("sensor rearm FAN1", Privilege::Operator),
            ("sensor get FAN1", Privilege::User),
            ("sdr list", Privilege::User),
            ("sdr dump x", Privilege::User),
            ("sdr replay x", Privilege::Operator),
            ("sel save x", Privilege::User),
            ("sel clear", Privilege::Operator),
            ("sel delete 1", Privilege::Operator),
            ("sel add --type fan --data 1", Privilege::Operator),
            ("sel replay x", Privilege::Operator),
            ("sel time get", Privilege::User),
            ("sel time set now", Privilege::Operator),
            ("sel time utc-offset", Privilege::User),
            ("sel time utc-offset 0", Privilege::Operator),
            ("sel follow", Privilege::User),
            ("fru print", Privilege::User),
            ("fru read 0 x", Privilege::User),
            ("fru write 0 x", Privilege::Operator),
            ("fru edit 0 board.serial x", Privilege::Operator),
            ("session info", Privilege::User),
            ("session list", Privilege::User),
            ("session list --names", Privilege::Operator),
            ("session close 3", Privilege::Administrator),
            ("user list", Privilege::Operator),
            ("user get bob", Privilege::Operator),
            ("user summary", Privilege::Operator),
            ("user payload 3", Privilege::Operator),
            ("user payload 3 --sol off", Privilege::Administrator),
            ("user test 3", Privilege::Administrator),
            ("user set bob --enable", Privilege::Administrator),
            ("user add bob --limit user", Privilege::Administrator),
            ("user remove bob", Privilege::Administrator),
            ("channel list", Privilege::User),
            ("channel info", Privilege::User),
            ("channel auth", Privilege::User),
            ("channel ciphers", Privilege::User),
            ("channel payloads 1", Privilege::User),
            ("channel set 1 --alerting off", Privilege::Administrator),
            ("channel keys show", Privilege::Administrator),
            ("dcmi power", Privilege::User),
            ("dcmi limit set --watts 300", Privilege::Operator),
            ("dcmi asset-tag", Privilege::User),
            ("dcmi mc-id --set x", Privilege::Administrator),
            ("dcmi sensors", Privilege::Operator),
            ("raw 6 1", Privilege::Administrator),
        ] {
            let words = std::iter::once("lantern").chain(line.split(' '));
            let cli = Cli::try_parse_from(words).unwrap();
            assert_eq!(needs(&cli.command), privilege, "{line}");
        }
    }
}
