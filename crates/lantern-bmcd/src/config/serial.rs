//! `[serial]`: what the system's serial port is wired to, and how consoles share it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipmi_bmc::serial::SerialPolicy;
use serde::Deserialize;
use toml::Spanned;

use super::socket::{check_address, check_host_and_port, check_path, check_socket, one_of};
use super::{Fault, QemuConfig, fault};

/// The system's serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialConfig {
    /// What it is wired to.
    pub source: SerialSource,
    /// How consoles share it.
    pub policy: SerialPolicy,
}

/// What a serial port is wired to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SerialSource {
    /// The simulated machine.
    Sim,
    /// The machine's QEMU.
    Qemu,
    /// A pseudo-terminal, to which this path is linked.
    Pty(PathBuf),
    /// Whoever listens at this address: `host:port`.
    Tcp(String),
    /// Whoever connects to this address.
    TcpListen(SocketAddr),
    /// Whoever listens at this path.
    Unix(PathBuf),
    /// Whoever connects to this path.
    UnixListen(PathBuf),
    /// A serial device.
    Device {
        /// Which.
        path: PathBuf,
        /// Bits a second.
        bit_rate: u32,
    },
    /// A program with its arguments, in a terminal of its own.
    Command(Vec<String>),
}

impl fmt::Display for SerialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sim => f.write_str("sim"),
            Self::Qemu => f.write_str("qemu"),
            Self::Pty(path) => write!(f, "pty {}", path.display()),
            Self::Tcp(address) => write!(f, "tcp {address}"),
            Self::TcpListen(address) => write!(f, "tcp_listen {address}"),
            Self::Unix(path) => write!(f, "unix {}", path.display()),
            Self::UnixListen(path) => write!(f, "unix_listen {}", path.display()),
            Self::Device { path, bit_rate } => {
                write!(f, "device {} at {bit_rate} bit/s", path.display())
            }
            // Of its arguments some may be nobody's business.
            Self::Command(argv) => {
                write!(f, "command {}", argv.first().map_or("", String::as_str))
            }
        }
    }
}

/// All that can be the source, as it is called in the file.
const KEYS: &str = "sim, pty, tcp, tcp_listen, unix, unix_listen, device and command";
/// Those of IPMI's table 26-5, and what consoles of old machines have besides.
const BIT_RATES: [u32; 9] = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400];
const HISTORY: std::ops::RangeInclusive<usize> = 256..=16 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SerialSection {
    sim: Option<Spanned<bool>>,
    pty: Option<Spanned<PathBuf>>,
    tcp: Option<Spanned<String>>,
    tcp_listen: Option<Spanned<String>>,
    unix: Option<Spanned<PathBuf>>,
    unix_listen: Option<Spanned<PathBuf>>,
    device: Option<Spanned<PathBuf>>,
    command: Option<Spanned<Vec<String>>>,
    bit_rate: Option<Spanned<u32>>,
    history: Option<Spanned<usize>>,
    readers: Option<Spanned<u8>>,
    mark_gaps: Option<bool>,
}

/// Reads the section, if there is one. A `qemu` has the port if nothing else is said.
pub(super) fn check(
    section: Option<Spanned<SerialSection>>,
    qemu: Option<&QemuConfig>,
) -> Result<Option<SerialConfig>, Fault> {
    let is_qemus = qemu.is_some_and(|qemu| qemu.serial);
    let Some(section) = section else {
        let own = SerialConfig { source: SerialSource::Qemu, policy: SerialPolicy::default() };
        return Ok(is_qemus.then_some(own));
    };
    let span = section.span();
    let section = section.into_inner();
    let spans = [
        section.sim.as_ref().map(Spanned::span),
        section.pty.as_ref().map(Spanned::span),
        section.tcp.as_ref().map(Spanned::span),
        section.tcp_listen.as_ref().map(Spanned::span),
        section.unix.as_ref().map(Spanned::span),
        section.unix_listen.as_ref().map(Spanned::span),
        section.device.as_ref().map(Spanned::span),
        section.command.as_ref().map(Spanned::span),
    ];
    one_of(spans, KEYS)?;
    if let Some(rate) = section.bit_rate.as_ref().filter(|_| section.device.is_none()) {
        return fault(rate, "a bit rate is of a device");
    }
    let policy = section.policy()?;
    let source = match section.source()? {
        Some(source) => source,
        None if is_qemus => SerialSource::Qemu,
        None => {
            return Err((
                Some(span),
                format!("a serial port is wired to something: one of {KEYS}"),
            ));
        }
    };
    Ok(Some(SerialConfig { source, policy }))
}

impl SerialSection {
    fn policy(&self) -> Result<SerialPolicy, Fault> {
        let default = SerialPolicy::default();
        let history = match &self.history {
            Some(history) if !HISTORY.contains(history.get_ref()) => {
                return fault(history, "a history has 256 to 16777216 characters");
            }
            history => history.as_ref().map_or(default.history, |history| *history.get_ref()),
        };
        let readers = match &self.readers {
            Some(readers) if *readers.get_ref() > 14 => {
                return fault(readers, "0 to 14 consoles can read beside the one that writes");
            }
            readers => readers.as_ref().map_or(default.readers, |readers| *readers.get_ref()),
        };
        let mark_gaps = self.mark_gaps.unwrap_or(default.mark_gaps);
        Ok(SerialPolicy { history, readers, mark_gaps })
    }

    fn source(self) -> Result<Option<SerialSource>, Fault> {
        let Self {
            sim, pty, tcp, tcp_listen, unix, unix_listen, device, command, bit_rate, ..
        } = self;
        if let Some(sim) = sim {
            return match *sim.get_ref() {
                true => Ok(Some(SerialSource::Sim)),
                false => fault(&sim, "true, or leave the section out: there is no port then"),
            };
        }
        if let Some(path) = pty {
            return check_path(path).map(SerialSource::Pty).map(Some);
        }
        if let Some(address) = tcp {
            return check_host_and_port(address).map(SerialSource::Tcp).map(Some);
        }
        if let Some(address) = tcp_listen {
            return check_address(&address).map(SerialSource::TcpListen).map(Some);
        }
        if let Some(path) = unix {
            return check_socket(path).map(SerialSource::Unix).map(Some);
        }
        if let Some(path) = unix_listen {
            return check_socket(path).map(SerialSource::UnixListen).map(Some);
        }
        if let Some(path) = device {
            let bit_rate = match bit_rate {
                Some(rate) if !BIT_RATES.contains(rate.get_ref()) => {
                    let all = BIT_RATES.map(|rate| rate.to_string()).join(", ");
                    return fault(&rate, &format!("no such bit rate; there are {all}"));
                }
                rate => rate.map_or(115_200, Spanned::into_inner),
            };
            let path = check_path(path)?;
            return Ok(Some(SerialSource::Device { path, bit_rate }));
        }
        match command {
            Some(argv) if argv.get_ref().first().is_none_or(String::is_empty) => {
                fault(&argv, "a program and its arguments: [\"/usr/bin/conserver-console\", \"a\"]")
            }
            argv => Ok(argv.map(|argv| SerialSource::Command(argv.into_inner()))),
        }
    }
}
