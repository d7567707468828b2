//! What a command has to be asked before it runs on many BMCs at once.

use std::path::{Path, PathBuf};

use super::file::is_standard;
use super::{channel, script, user};
use crate::cli::{
    Acpi, Add, Boot, BootMailbox, Channel, ChannelKeys, ChannelSet, Chassis, Command, Dcmi,
    DcmiConfig, DcmiLimit, DcmiThermal, Enables, Event, Firewall, Format, FrontPanel, Fru, Lan,
    LanAlert, LanArp, Mc, Pef, PefFilter, PefPolicy, PefString, Policy, Power, Sdr, Sel, SelTime,
    Sensor, Session, SystemInfo, User, UserSet, Watchdog,
};
use crate::error::Error;

/// What stands for the host in the name of a file that each BMC has for itself.
const HOST: &str = "{host}";

/// Judges what makes no sense, or damage, on more than one.
pub(crate) fn check(command: &Command, format: Format) -> Result<(), Error> {
    let (read, written) = files(command);
    match (command, format) {
        (Command::Raw(raw), _) if raw.file.is_some() => {
            return Err(Error::usage("'raw --file' is for one BMC")
                .next("write 'raw' before each line, and use 'exec'"));
        }
        (Command::Lan(Lan::Set(set)), _) if set.settings.names_one() => {
            return Err(Error::usage("one address for many BMCs: they could not all be reached")
                .next("set it on one at a time"));
        }
        (Command::User(command), _) if user::asks_for_a_secret(command)? => return Err(unasked()),
        (Command::Channel(command), _) if channel::asks_for_a_secret(command)? => {
            return Err(unasked());
        }
        (Command::Exec(_), Format::Json | Format::Yaml | Format::Csv) => {
            return Err(Error::usage(
                "what several commands say to many BMCs does not fit one object or one sheet",
            )
            .next("use -o jsonl"));
        }
        (Command::Exec(exec), _) => return script::check_for_many(exec, format),
        _ => {}
    }
    if read.is_some_and(is_standard) {
        return Err(Error::usage("standard input can be read once, and there are many BMCs")
            .next("put it into a file, and name that"));
    }
    match written {
        Some(path) if is_standard(path) => Err(Error::usage(
            "what many BMCs have to say cannot be told apart in one stream of bytes",
        )
        .next(format!("name a file with {HOST} in it, which stands for each one's name"))),
        Some(path) if !path.to_string_lossy().contains(HOST) => {
            let path = path.display();
            Err(Error::usage(format!("{path}: one file for many BMCs; each would write over it"))
                .next(format!("put {HOST} into the file's name, which stands for each one's name")))
        }
        _ => Ok(()),
    }
}

fn unasked() -> Error {
    Error::usage("a secret that is to be set on many BMCs is not asked for")
        .next("put it into a file (--new-password-file, --new-key-file), or into the environment")
}

/// The files that a command reads and writes, where it does not look at them before it is run.
fn files(command: &Command) -> (Option<&Path>, Option<&Path>) {
    match command {
        Command::Sel(Sel::Add(Add { file: Some(file), .. }) | Sel::Replay { file, .. }) => {
            (Some(file), None)
        }
        Command::Sel(Sel::Save { file, .. }) => (None, Some(file)),
        Command::Sel(Sel::Clear { save, .. }) => (None, save.as_deref()),
        Command::Sdr(Sdr::Dump { file }) | Command::Fru(Fru::Read { file, .. }) => {
            (None, Some(file))
        }
        Command::Sdr(Sdr::Replay { file, save, .. }) => (Some(file), save.as_deref()),
        Command::Fru(Fru::Write { file, .. }) => (Some(file), None),
        Command::Event(Event::Send(send)) => (send.file.as_deref(), None),
        _ => (None, None),
    }
}

/// The file that is meant for `host`.
pub(super) fn file_of(path: &Path, host: &str) -> PathBuf {
    match path.to_str() {
        // A name is part of a file's, never a way to another directory.
        Some(text) => text.replace(HOST, &host.replace('/', "_")).into(),
        None => path.to_owned(),
    }
}

/// What `command` would ask for each BMC, unless it was told not to: what becomes of what of theirs,
/// with `--yes` and without. Whatever calls `ask::possible` has a line here, and in `confirmed`.
pub(crate) const fn question(command: &Command) -> Option<(&'static str, &'static str, bool)> {
    Some(match command {
        Command::Sel(Sel::Clear { yes, .. }) => ("The event logs", "will be erased", *yes),
        Command::Sdr(Sdr::Replay { yes, .. }) => {
            ("The sensor data records", "will be replaced", *yes)
        }
        Command::Fru(Fru::Write { yes, .. }) => ("A FRU device", "will be written", *yes),
        Command::User(User::Remove { yes, .. }) => ("A user", "will be removed", *yes),
        Command::User(User::Set(set)) => ("A user", "will be changed", set.yes),
        Command::Channel(Channel::Set(set)) => ("Channel settings", "will be changed", set.yes),
        Command::Channel(Channel::Keys(ChannelKeys::Lock { yes, .. })) => {
            ("A key", "will be locked for good", *yes)
        }
        Command::Lan(Lan::Set(set)) if !set.how.dry_run => {
            ("LAN settings", "will be changed", set.how.yes)
        }
        Command::Lan(Lan::Arp(LanArp::Suspend { gratuitous: false, yes, .. })) => {
            ("Answers to ARP", "will be suspended", *yes)
        }
        _ => return None,
    })
}

/// Says yes beforehand.
pub(crate) fn confirmed(command: &mut Command) {
    match command {
        Command::Sel(Sel::Clear { yes, .. })
        | Command::Sdr(Sdr::Replay { yes, .. })
        | Command::Fru(Fru::Write { yes, .. })
        | Command::User(User::Remove { yes, .. } | User::Set(UserSet { yes, .. }))
        | Command::Channel(
            Channel::Set(ChannelSet { yes, .. }) | Channel::Keys(ChannelKeys::Lock { yes, .. }),
        )
        | Command::Lan(Lan::Arp(LanArp::Suspend { yes, .. })) => *yes = true,
        Command::Lan(Lan::Set(set)) => set.how.yes = true,
        _ => {}
    }
}

/// Whether nothing is lost if a command is cut short. What is not known to be so is not.
pub(crate) const fn only_reads(command: &Command) -> bool {
    matches!(
        command,
        Command::Power(Power::Status)
            | Command::Chassis(
                Chassis::Power(Power::Status)
                    | Chassis::Status
                    | Chassis::RestartCause
                    | Chassis::Poh
                    | Chassis::Capabilities
                    | Chassis::Policy(Policy::Show)
                    | Chassis::Boot(Boot::Show | Boot::Mailbox(BootMailbox::Show))
                    | Chassis::FrontPanel(FrontPanel::Show)
            )
            | Command::Mc(
                Mc::Info
                    | Mc::Guid
                    | Mc::Selftest
                    | Mc::Watchdog(Watchdog::Show)
                    | Mc::Enables(Enables::Show)
                    | Mc::Sysinfo(SystemInfo::Show { .. })
                    | Mc::Acpi(Acpi::Show)
                    | Mc::Interfaces
            )
            | Command::User(User::List { .. } | User::Get { .. } | User::Summary { .. })
            | Command::Channel(
                Channel::List
                    | Channel::Info { .. }
                    | Channel::Auth { .. }
                    | Channel::Ciphers { .. }
                    | Channel::Payloads { .. }
                    | Channel::Keys(ChannelKeys::Show { .. })
            )
            | Command::Lan(
                Lan::Show { .. }
                    | Lan::Alert(LanAlert::List { .. })
                    | Lan::Stats { clear: false, .. }
            )
            | Command::Event(Event::List { .. })
            | Command::Pef(
                Pef::Info
                    | Pef::Status
                    | Pef::Filter(PefFilter::List)
                    | Pef::Policy(PefPolicy::List)
                    | Pef::String(PefString::List)
            )
            | Command::Dcmi(
                Dcmi::Discover
                    | Dcmi::Power { .. }
                    | Dcmi::Limit(DcmiLimit::Show)
                    | Dcmi::AssetTag { set: None }
                    | Dcmi::McId { set: None }
                    | Dcmi::Sensors
                    | Dcmi::Temperature
                    | Dcmi::Thermal(DcmiThermal::Show { .. })
                    | Dcmi::Config(DcmiConfig::Show)
            )
            | Command::Firewall(Firewall::Info(_))
            | Command::Sensor(Sensor::List { .. } | Sensor::Get { .. })
            | Command::Sdr(
                Sdr::List { .. }
                    | Sdr::Get { .. }
                    | Sdr::Type { .. }
                    | Sdr::Entity { .. }
                    | Sdr::Info
                    | Sdr::Dump { .. }
            )
            | Command::Sel(
                Sel::List { .. }
                    | Sel::Get { .. }
                    | Sel::Info
                    | Sel::Save { .. }
                    | Sel::Time(SelTime::Get | SelTime::UtcOffset { offset: None })
                    | Sel::Follow { .. }
            )
            | Command::Fru(Fru::List | Fru::Print { .. } | Fru::Read { .. })
            | Command::Session(Session::Info | Session::List { .. })
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn command(line: &str) -> Command {
        let words = std::iter::once("lantern").chain(line.split(' '));
        Cli::try_parse_from(words).unwrap().command
    }

    #[test]
    fn nothing_is_read_twice_and_no_file_is_written_by_many() {
        for line in
            ["sel add --file -", "sel replay -", "sdr replay - --yes", "fru write 0 - --yes"]
        {
            let Error::Told(told) = check(&command(line), Format::Table).unwrap_err() else {
                panic!("{line}")
            };
            assert!(told.message.contains("can be read once"), "{line}: {}", told.message);
        }
        for line in ["sel save x", "sel save -", "sel clear --save x", "sdr dump x", "fru read 0 x"]
        {
            let Error::Told(told) = check(&command(line), Format::Table).unwrap_err() else {
                panic!("{line}")
            };
            assert!(told.next.as_deref().unwrap().contains("{host}"), "{line}");
        }
        for line in ["sel save x-{host}", "sdr dump {host}/y", "sel clear", "power status"] {
            assert!(check(&command(line), Format::Table).is_ok(), "{line}");
        }
        let path = file_of(Path::new("d/{host}.txt"), "../n1:623");
        assert_eq!(path, Path::new("d/.._n1:623.txt"));
    }

    /// Else many BMCs would ask at once.
    #[test]
    fn whatever_asks_is_asked_once() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
        let (mut directories, mut asks) = (vec![directory], 0);
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
                if entry.path().is_dir() {
                    directories.push(entry.path());
                } else if entry.file_name() != "many.rs" {
                    let text = std::fs::read_to_string(entry.path()).unwrap();
                    asks += text.matches("ask::possible(").count();
                }
            }
        }
        let known = [
            "sel clear",
            "sdr replay x",
            "fru write 0 x",
            "user remove 3",
            "user set 3 --enable",
            "channel keys lock",
            "channel set 1 --alerting off",
            "lan arp suspend",
            "lan set --vlan 5",
        ];
        for line in known {
            let mut command = command(line);
            assert!(question(&command).is_some_and(|(_, _, yes)| !yes), "{line}");
            confirmed(&mut command);
            assert!(question(&command).is_some_and(|(_, _, yes)| yes), "{line}");
        }
        assert_eq!(asks, known.len(), "a command that asks is missing in `question`");
    }

    #[test]
    fn what_changes_something_is_never_cut_short() {
        for line in [
            "power on",
            "power cycle",
            "mc reset cold",
            "chassis identify",
            "sel clear",
            "sel add --file x",
            "sel time set now",
            "fru write 0 x",
            "fru edit 0 board.serial x",
            "sensor set FAN1 --lc 5",
            "sdr replay x",
            "raw 6 1",
            "sel time utc-offset 60",
        ] {
            assert!(!only_reads(&command(line)), "{line}");
        }
        for line in ["power status", "sel list", "sensor list", "fru print", "mc info"] {
            assert!(only_reads(&command(line)), "{line}");
        }
    }
}
