//! What each command does to a BMC: a few typed calls, and a view of what came back.

pub(crate) mod ask;
pub(crate) mod bmc;
mod boot;
mod channel;
mod chassis;
pub(crate) mod config;
pub(crate) mod console;
mod ctl;
mod dcmi;
pub(crate) mod docs;
mod event;
mod explain;
pub(crate) mod file;
mod firewall;
mod fru;
mod lan;
pub(crate) mod local;
pub(crate) mod many;
mod mc;
mod nvram;
mod pef;
mod power;
mod raw;
mod script;
mod sdr;
pub(crate) mod sel;
mod sensor;
mod session;
pub(crate) mod shell;
pub(crate) mod sim;
pub(crate) mod sol;
mod user;
mod vendors;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipmi_client::sdr::SdrSet;
use ipmi_client::{Bmc, SessionInfo};
use ipmi_wire::cmd::chassis::{ChassisControl, ChassisIdentify};
use ipmi_wire::cmd::{
    app, chassis as chassis_cmd, dcmi as dcmi_cmd, sensor as sensor_cmd, storage, transport,
};
use ipmi_wire::{Access, Command as Ipmi, Privilege};

use crate::cli::{
    Acpi, Boot, Channel, Chassis, Command, Dcmi, DcmiConfig, DcmiLimit, DcmiThermal, Enables,
    Event, Firewall, Format, FrontPanel, Fru, Mc, Pef, PefFilter, PefPolicy, PefString, Power,
    Reset, Sdr, Sel, SelTime, Sensor, Session, Sol, SystemInfo, User, Watchdog,
};
use crate::connect::Needs;
use crate::error::Error;
use crate::output::Voice;
use crate::view::Show;

/// What a command comes to.
pub(crate) type Outcome = Result<Box<dyn Show>, Error>;

/// What a command works with.
pub(crate) struct Context<'a> {
    pub(crate) bmc: &'a Bmc,
    pub(crate) info: &'a SessionInfo,
    pub(crate) voice: Voice<'a>,
    pub(crate) format: Format,
    /// What it was named.
    pub(crate) name: &'a str,
    /// Which one it is, if there are many.
    pub(crate) host: Option<Host<'a>>,
}

/// One of many BMCs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host<'a> {
    /// As it was named.
    pub(crate) name: &'a str,
    /// Whether there is a header above what comes one by one.
    pub(crate) header_is_told: &'a Cell<bool>,
}

impl Context<'_> {
    /// A file that is to be written, with the host's name in the place of `{host}`.
    fn file(&self, path: &Path) -> PathBuf {
        many::file_of(path, self.name)
    }

    /// The BMC's records. If they are not all, the user hears of it.
    async fn sdrs(&self) -> Result<Arc<SdrSet>, Error> {
        let set = self.bmc.sdrs().await?;
        if !set.ending().is_complete() {
            self.voice.warning(&format!("not all sensor records could be read: {}", set.ending()));
        }
        Ok(set)
    }
}

/// The privilege that `command` is to have, and what it makes do with.
pub(crate) fn wants(command: &Command) -> Needs {
    let makes_do = match command {
        // Only how far events were seen to, and the postpone timer, take an administrator.
        Command::Pef(Pef::Status) => Some(of::<sensor_cmd::GetPefConfigurationParameters>()),
        _ => None,
    };
    Needs { wanted: needs(command), makes_do }
}

/// The least privilege that all of `command` can be done with.
pub(crate) fn needs(command: &Command) -> Privilege {
    match command {
        Command::Power(power) | Command::Chassis(Chassis::Power(power)) => match power {
            Power::Status => of::<chassis_cmd::GetChassisStatus>(),
            _ => of::<ChassisControl>(),
        },
        Command::Chassis(command) => match command {
            Chassis::Identify { .. } => of::<ChassisIdentify>(),
            Chassis::Policy(_) => of::<chassis_cmd::SetPowerRestorePolicy>(),
            // Appendix G: to go past the machine's passwords takes an administrator.
            Chassis::Boot(Boot::Set(set)) if set.bypass_password => Privilege::Administrator,
            Chassis::Boot(_) => of::<chassis_cmd::GetSystemBootOptions>(),
            Chassis::FrontPanel(FrontPanel::Show) => Privilege::User,
            Chassis::FrontPanel(_) => of::<chassis_cmd::SetFrontPanelEnables>(),
            Chassis::CycleInterval { .. } => of::<chassis_cmd::SetPowerCycleInterval>(),
            _ => Privilege::User,
        },
        Command::Mc(command) => match command {
            Mc::Reset { how: Reset::Cold } => of::<app::ColdReset>(),
            Mc::Reset { how: Reset::Warm } => of::<app::WarmReset>(),
            Mc::Watchdog(Watchdog::Set(_) | Watchdog::Off) => of::<app::SetWatchdogTimer>(),
            Mc::Watchdog(Watchdog::Reset) => of::<app::ResetWatchdogTimer>(),
            Mc::Enables(Enables::Set(_)) => of::<app::SetBmcGlobalEnables>(),
            Mc::Sysinfo(SystemInfo::Set { .. }) => of::<app::SetSystemInfoParameters>(),
            Mc::Acpi(Acpi::Set(_)) => of::<app::SetAcpiPowerState>(),
            _ => Privilege::User,
        },
        Command::Event(Event::Send(_)) => of::<sensor_cmd::PlatformEvent>(),
        Command::I2c(_) => of::<app::MasterWriteRead>(),
        Command::Exec(exec) => script::needs_of(exec),
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
        Command::Lan(command) => lan::needs(command),
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
        Command::Sol(Sol::Info { .. }) => of::<transport::GetSolConfigurationParameters>(),
        Command::Sol(Sol::Set(set)) if set.dry_run => {
            of::<transport::GetSolConfigurationParameters>()
        }
        Command::Sol(Sol::Set(_)) => of::<transport::SetSolConfigurationParameters>(),
        // As a rule: what it takes is set at the BMC (SOL parameter 2).
        Command::Sol(_) => Privilege::Operator,
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
        Command::Firewall(Firewall::Info(_)) => of::<app::GetNetFnSupport>(),
        Command::Firewall(_) => of::<app::SetCommandEnables>(),
        Command::Pef(command) => match command {
            Pef::Status => of::<sensor_cmd::GetLastProcessedEventId>(),
            Pef::Info
            | Pef::Filter(PefFilter::List)
            | Pef::Policy(PefPolicy::List)
            | Pef::String(PefString::List) => of::<sensor_cmd::GetPefConfigurationParameters>(),
            Pef::Filter(_) | Pef::Policy(_) => of::<sensor_cmd::SetPefConfigurationParameters>(),
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
        Command::Raw(command) => raw::check(command),
        Command::Chassis(Chassis::Boot(command)) => boot::check(command),
        Command::Mc(command) => mc::check(command),
        Command::Event(command) => event::check(command),
        Command::Exec(exec) => script::lines(exec).map(drop),
        Command::Sdr(command) => sdr::check(command),
        Command::Sel(command) => sel::check(command),
        Command::Fru(command) => fru::check(command),
        Command::User(command) => user::check(command),
        Command::Channel(command) => channel::check(command),
        Command::Lan(command) => lan::check(command),
        Command::Sol(command) => sol::check(command),
        Command::Firewall(command) => firewall::check(command),
        _ => Ok(()),
    }
}

/// Runs what needs no BMC; `None` for what does.
pub(crate) fn offline(command: &Command) -> Option<Outcome> {
    match command {
        Command::Raw(command) => raw::offline(command),
        Command::Sdr(command) => sdr::offline(command),
        Command::Fru(command) => fru::offline(command),
        Command::Explain { code } => Some(explain::run(code.as_deref())),
        Command::Vendors { vendor } => Some(vendors::run(vendor.as_deref())),
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
            | Command::Ipmitool(_)
            | Command::Config(_)
            | Command::Local(_)
            | Command::Explain { .. }
            | Command::Vendors { .. }
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
    // What is large is in a box, so that many BMCs that are asked for little need little.
    match command {
        Command::Power(command) => Box::pin(power::run(*command, bmc)).await,
        Command::Chassis(command) => Box::pin(chassis::run(command, context)).await,
        Command::Mc(command) => Box::pin(mc::run(command, bmc)).await,
        Command::Sensor(command) => Box::pin(sensor::run(command, context)).await,
        Command::Sdr(command) => Box::pin(sdr::run(command, context)).await,
        Command::Sel(command) => Box::pin(sel::run(command, context)).await,
        Command::Sol(command) => Box::pin(sol::run(command, context)).await,
        Command::User(command) => Box::pin(user::run(command, context)).await,
        Command::Channel(command) => Box::pin(channel::run(command, context)).await,
        Command::Session(command) => Box::pin(session::run(command, context)).await,
        Command::Lan(command) => Box::pin(lan::run(command, context)).await,
        Command::Event(command) => Box::pin(event::run(command, context)).await,
        Command::Dcmi(command) => Box::pin(dcmi::run(command, context)).await,
        Command::Firewall(command) => Box::pin(firewall::run(command, context)).await,
        Command::Pef(command) => Box::pin(pef::run(command, context)).await,
        Command::Raw(command) => Box::pin(raw::run(command, context)).await,
        Command::I2c(command) => Box::pin(raw::i2c(command, bmc)).await,
        Command::Exec(exec) => Box::pin(script::run(exec, context)).await,
        Command::Fru(command) => Box::pin(fru::run(command, context)).await,
        Command::Bmc(_)
        | Command::Sim(_)
        | Command::Demo(_)
        | Command::Ipmitool(_)
        | Command::Shell(_)
        | Command::Console(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Local(_)
        | Command::Explain { .. }
        | Command::Vendors { .. }
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
            ("lan show", Privilege::Operator),
            ("lan set --vlan off", Privilege::Administrator),
            ("lan set --vlan off --dry-run", Privilege::Operator),
            ("lan alert list", Privilege::Operator),
            ("lan alert set 1 --retries 3", Privilege::Administrator),
            ("lan stats", Privilege::User),
            ("lan arp suspend", Privilege::Administrator),
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
            ("pef info", Privilege::Operator),
            ("pef status", Privilege::Administrator),
            ("pef filter list", Privilege::Operator),
            ("pef policy disable 1", Privilege::Administrator),
            ("dcmi power", Privilege::User),
            ("dcmi limit set --watts 300", Privilege::Operator),
            ("dcmi asset-tag", Privilege::User),
            ("dcmi mc-id --set x", Privilege::Administrator),
            ("dcmi sensors", Privilege::Operator),
            ("firewall info --netfn app", Privilege::User),
            ("firewall disable --command cold-reset", Privilege::Administrator),
            ("firewall reset", Privilege::Administrator),
            ("raw 6 1", Privilege::Administrator),
            ("chassis policy show", Privilege::Operator),
            ("chassis boot show", Privilege::Operator),
            ("chassis boot set pxe", Privilege::Operator),
            ("chassis boot set pxe --bypass-password", Privilege::Administrator),
            ("chassis front-panel show", Privilege::User),
            ("chassis front-panel disable power", Privilege::Administrator),
            ("chassis cycle-interval 5", Privilege::Administrator),
            ("mc watchdog show", Privilege::User),
            ("mc watchdog off", Privilege::Operator),
            ("mc watchdog reset", Privilege::Operator),
            ("mc enables show", Privilege::User),
            ("mc enables set --logging on", Privilege::Administrator),
            ("mc sysinfo show", Privilege::User),
            ("mc sysinfo set system-name x", Privilege::Administrator),
            ("mc acpi show", Privilege::User),
            ("mc acpi set --system s0", Privilege::Administrator),
            ("mc interfaces", Privilege::User),
            ("event list", Privilege::User),
            ("event send --sample 1", Privilege::Operator),
            ("i2c 0x50 1", Privilege::Operator),
        ] {
            let words = std::iter::once("lantern").chain(line.split(' '));
            let cli = Cli::try_parse_from(words).unwrap();
            assert_eq!(needs(&cli.command), privilege, "{line}");
            let makes_do = (line == "pef status").then_some(Privilege::Operator);
            assert_eq!(wants(&cli.command), Needs { wanted: privilege, makes_do }, "{line}");
        }
    }
}
