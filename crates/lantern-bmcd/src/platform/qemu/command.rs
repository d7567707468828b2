//! The command line: what the configuration has, and what the BMC needs in it.
//!
//! `{qmp}`, `{serial}`, `{ipmi}` and `{dir}` in an argument stand for paths. What is not mentioned by
//! the configuration is appended: the monitor in any case, the serial port and the system
//! interface if they are QEMU's to connect. QEMU always starts with `-S`, stopped: the BMC lets
//! it go once it has told the firmware from what to start.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::directory::Directory;
use crate::platform::sources::command::run;

/// How a socket is told to connect again: in seconds, or, since QEMU 9.2, in milliseconds. Later ones
/// know the other word no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reconnect {
    Seconds,
    Milliseconds,
}

impl Reconnect {
    const fn word(self) -> &'static str {
        match self {
            Self::Seconds => "reconnect=1",
            Self::Milliseconds => "reconnect-ms=1000",
        }
    }
}

/// Which word this program knows. It is asked, if it is QEMU by its name: what else would do if it is asked
/// for its version is anybody's guess.
pub(super) fn reconnect(command: &[String]) -> Reconnect {
    const PATIENCE: Duration = Duration::from_secs(5);
    let Some(program) = command.first() else { return Reconnect::Seconds };
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.starts_with("qemu-") {
        return Reconnect::Seconds;
    }
    let argv = [program.clone(), "--version".to_owned()];
    let said = run(&argv, PATIENCE, &AtomicBool::new(false)).unwrap_or_default();
    match version(&String::from_utf8_lossy(&said)) {
        Some(version) if version >= (9, 2) => Reconnect::Milliseconds,
        _ => Reconnect::Seconds,
    }
}

fn version(said: &str) -> Option<(u32, u32)> {
    let (_, version) = said.split_once(" version ")?;
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What is to be in a command line.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) command: Vec<String>,
    /// How its sockets connect again.
    pub(super) reconnect: Reconnect,
    /// The serial port is QEMU's to connect.
    pub(super) has_serial: bool,
    /// The system interface is QEMU's to connect.
    pub(super) has_system_interface: bool,
}

/// The program and its arguments, with `extra` ones for this start.
pub(super) fn line(template: &Template, extra: &[String], directory: &Directory) -> Vec<String> {
    let places = [
        ("{qmp}", directory.monitor()),
        ("{serial}", directory.serial()),
        ("{ipmi}", directory.system_interface()),
        ("{dir}", directory.path().to_owned()),
    ]
    .map(|(name, path)| (name, path.display().to_string()));
    let own = &template.command;
    let mut line = own.clone();
    let again = template.reconnect.word();
    let mut add = |arguments: &[&str]| line.extend(arguments.iter().map(ToString::to_string));
    if !mentions(own, "{qmp}") {
        // QEMU listens, so that a BMC that is started again finds it.
        add(&["-chardev", "socket,id=lantern-qmp,path={qmp},server=on,wait=off"]);
        add(&["-mon", "chardev=lantern-qmp,mode=control"]);
    }
    if template.has_serial && !mentions(own, "{serial}") && !has_option(own, "serial") {
        // The BMC listens, so that nothing is lost of what firmware says first.
        add(&["-chardev", &format!("socket,id=lantern-serial,path={{serial}},{again}")]);
        add(&["-serial", "chardev:lantern-serial"]);
    }
    if template.has_system_interface && !mentions(own, "{ipmi}") && !mentions(own, "ipmi-bmc-") {
        // Without `reconnect`, QEMU 7.2 crashes here if the BMC answers at once.
        add(&["-chardev", &format!("socket,id=lantern-ipmi,path={{ipmi}},{again}")]);
        add(&["-device", "ipmi-bmc-extern,id=lantern-bmc,chardev=lantern-ipmi"]);
        add(&["-device", "isa-ipmi-kcs,bmc=lantern-bmc"]);
    }
    if !says_what_panics_do(own) {
        // A kernel that panics is its own business, as on a machine of metal: it may write a dump,
        // or start again. QEMU would switch off.
        add(&["-action", "panic=none"]);
    }
    add(&["-S"]);
    line.extend(extra.iter().cloned());
    for argument in &mut line {
        for (name, path) in &places {
            if argument.contains(name) {
                *argument = argument.replace(name, path);
            }
        }
    }
    line
}

/// The extra arguments that a QEMU was started with: those behind the last `-S`.
pub(super) fn extra_arguments(process: i32) -> Vec<String> {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    let arguments: Vec<_> = line.split_terminator('\0').collect();
    let last = arguments.iter().rposition(|argument| *argument == "-S");
    let extra = last.and_then(|last| arguments.get(last.saturating_add(1)..)).unwrap_or_default();
    extra.iter().map(ToString::to_string).collect()
}

fn mentions(command: &[String], what: &str) -> bool {
    command.iter().any(|argument| argument.contains(what))
}

fn says_what_panics_do(command: &[String]) -> bool {
    let mut pairs = command.iter().zip(command.iter().skip(1));
    pairs.any(|(option, value)| option.ends_with("-action") && value.contains("panic="))
}

/// Whether an option is there, which QEMU takes with one dash or two.
fn has_option(command: &[String], name: &str) -> bool {
    command.iter().any(|argument| {
        argument
            .strip_prefix('-')
            .is_some_and(|rest| rest.strip_prefix('-').unwrap_or(rest) == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(command: &[&str], has_serial: bool, has_system_interface: bool) -> String {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("d");
        let directory = Directory::take(&path).unwrap();
        let command = command.iter().map(ToString::to_string).collect();
        let reconnect = Reconnect::Seconds;
        let template = Template { command, reconnect, has_serial, has_system_interface };
        let line = line(&template, &["-boot".into(), "menu=on".into()], &directory).join(" ");
        line.replace(&path.display().to_string(), "D")
    }

    #[test]
    fn what_is_missing_is_appended() {
        assert_eq!(
            joined(&["q", "-append", "panic=-1"], true, true),
            "q -append panic=-1 -chardev socket,id=lantern-qmp,path=D/qmp.sock,server=on,wait=off \
             -mon chardev=lantern-qmp,mode=control \
             -chardev socket,id=lantern-serial,path=D/serial.sock,reconnect=1 \
             -serial chardev:lantern-serial \
             -chardev socket,id=lantern-ipmi,path=D/ipmi.sock,reconnect=1 \
             -device ipmi-bmc-extern,id=lantern-bmc,chardev=lantern-ipmi \
             -device isa-ipmi-kcs,bmc=lantern-bmc -action panic=none -S -boot menu=on"
        );
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let own = ["q", "-qmp", "unix:{qmp},server=on,wait=off", "-serial", "null", "-device"];
        let own =
            [&own[..], &["ipmi-bmc-sim,id=b", "-action", "panic=pause", "-pidfile", "{dir}/pid"]]
                .concat();
        assert_eq!(
            joined(&own, true, true),
            "q -qmp unix:D/qmp.sock,server=on,wait=off -serial null -device ipmi-bmc-sim,id=b \
             -action panic=pause -pidfile D/pid -S -boot menu=on"
        );
    }

    #[test]
    fn who_knows_which_word() {
        for (said, expected) in [
            ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright", Some((7, 2))),
            ("QEMU emulator version 10.0.0", Some((10, 0))),
            ("QEMU emulator version 9", None),
            ("", None),
        ] {
            assert_eq!(version(said), expected, "{said}");
        }
        assert_eq!(reconnect(&["/no/such/qemu-system".into()]), Reconnect::Seconds);
        assert_eq!(Reconnect::Milliseconds.word(), "reconnect-ms=1000");
    }

    #[test]
    fn what_is_not_qemus_is_not_wired() {
        assert!(!joined(&["q"], false, false).contains("serial"));
    }
}
